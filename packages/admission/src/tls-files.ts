import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import { AdmissionError } from "./admission-error.ts";

/** Files in PEM, read again when they are replaced. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Who may have signed the certificates of clients. */
  readonly clientCa: string;
}

/** What a TLS server takes of them. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** Reads the files. Throws an {@link AdmissionError} if one cannot be read, or they do not fit together. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const material = { cert: read(files.certificate), key: read(files.key), ca: read(files.clientCa) };
  try {
    createSecureContext(material);
  } catch (cause) {
    // The words of OpenSSL name the fault, and hold nothing of the key.
    throw new AdmissionError(
      `The certificate ${files.certificate}, its key and the CA of the clients cannot be used: ${reason(cause)}.`,
      "All are PEM; the key is that of the certificate.",
      { cause },
    );
  }
  return material;
}

/** How often the files are looked at, milliseconds. */
export const FILES_EVERY_MS = 5_000;

/**
 * Calls `changed` with what the files hold after each change of one of them. A set that cannot be used, such as a half of one
 * that is just being written, goes to `failed` and changes nothing. Returns a function that stops.
 */
export function followTlsFiles(
  files: TlsFiles,
  changed: (material: TlsMaterial) => void,
  failed: (error: unknown) => void,
  everyMs: number,
): () => void {
  const look = (): void => {
    try {
      changed(readTlsFiles(files));
    } catch (error) {
      failed(error);
    }
  };
  const paths = [files.certificate, files.key, files.clientCa];
  // Polled by their times: the kubelet swaps a link above the files, which a watch of the files does not see.
  for (const path of paths) watchFile(path, { interval: everyMs, persistent: false }, look);
  return () => {
    for (const path of paths) unwatchFile(path, look);
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AdmissionError(
      `The file ${path} cannot be read: ${reason(cause)}.`,
      "Check its path and rights.",
      { cause },
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
