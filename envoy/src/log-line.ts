/** One record of Envoy's log. */
export interface EnvoyLogRecord {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** Envoy's logger, as `config` or `upstream`; empty for a line that no logger wrote (a crash). */
  readonly component: string;
  readonly message: string;
}

/**
 * Arguments that make Envoy write one line per record, as {@link parseLogLine} reads it. Escaped, so that
 * a message of several lines stays one record.
 */
export const LOG_FORMAT_ARGUMENTS = ["--log-format", "%l %n %v", "--log-format-escaped"] as const;

const LEVELS: Readonly<Record<string, EnvoyLogRecord["level"]>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warning: "warn",
  warn: "warn",
  error: "error",
  critical: "fatal",
};

/** Reads a line in the format of {@link LOG_FORMAT_ARGUMENTS}. Any other line, such as of a crash, is an error as it stands. */
export function parseLogLine(line: string): EnvoyLogRecord {
  const [, word = "", component = "", message = ""] = /^(\w+) ([\w-]+) (.*)$/s.exec(line) ?? [];
  const level = LEVELS[word];
  if (level === undefined) return { level: "error", component: "", message: line };
  return { level, component, message: unescapeLine(message).trimEnd() };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Undoes the C escapes of `--log-format-escaped`, in which all but printable ASCII is one octal escape a byte. */
function unescapeLine(text: string): string {
  const bytes = text.replace(/\\([0-7]{3}|.)/g, (_whole, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
