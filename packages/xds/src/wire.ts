/**
 * Bytes of a message with more members of a repeated message field behind it. Protobuf takes fields in any order and
 * adds up repeated ones, so parts that are encoded once can be put together without encoding them again.
 * Source: protobuf.dev, "Encoding", "Last one wins" and "Field order".
 */
export function appendMessages(
  message: Uint8Array,
  fieldNumber: number,
  members: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const heads = members.map((member) => [...varint(fieldNumber * 8 + 2), ...varint(member.length)]);
  const size = members.reduce(
    (sum, member, at) => sum + member.length + (heads[at]?.length ?? 0),
    message.length,
  );
  const out = new Uint8Array(size);
  out.set(message, 0);
  let offset = message.length;
  members.forEach((member, at) => {
    const head = heads[at] ?? [];
    out.set(head, offset);
    out.set(member, offset + head.length);
    offset += head.length + member.length;
  });
  return out;
}

/** An unsigned integer below 2^32. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
