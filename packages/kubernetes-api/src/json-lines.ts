import { StringDecoder } from "node:string_decoder";

/**
 * The values of a stream of JSON texts, one a line, however the stream is cut into chunks. What follows the last line
 * break is dropped: the stream ended within an event, and the next watch repeats it. Throws at a line that is no JSON.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new StringDecoder("utf8");
  let parts: string[] = [];
  for await (const chunk of chunks) {
    // A stream of bytes hands out Buffers; StringDecoder takes their type only.
    const lines = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      parts.push(line);
      const text = parts.join("").trim();
      parts = [];
      if (text !== "") yield parse(text);
    }
    if (rest !== "") parts.push(rest);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The message of the cause quotes the text, which may be of a Secret.
    throw new Error(`The API server sent a line of ${text.length} characters that is not JSON.`, {
      cause: cause instanceof Error ? cause.name : undefined,
    });
  }
}
