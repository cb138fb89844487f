import { describe, expect, it } from "vitest";
import { jsonLines } from "./json-lines.ts";

describe("jsonLines", () => {
  async function read(...chunks: string[]): Promise<unknown[]> {
    const values: unknown[] = [];
    const bytes = chunks.map((chunk) => Buffer.from(chunk));
    for await (const value of jsonLines(ReadableStream.from(bytes))) values.push(value);
    return values;
  }
  it("gives the value of each line, and drops what no line break ends", async () => {
    expect(await read('{"a"', ":1}\n\n", '[2]\n3\r\n{"cut')).toEqual([{ a: 1 }, [2], 3]);
  });
  it("throws at a line that is no JSON, without its text", async () => {
    await expect(read("{}\n", "secret bytes\n")).rejects.toThrow("12 characters that is not JSON");
  });
});
