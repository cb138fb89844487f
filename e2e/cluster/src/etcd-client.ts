/**
 * Compacts an etcd at its present revision, by its JSON gateway (etcd.io/docs, "gRPC gateway"). `physical` makes the
 * answer wait until the old revisions are gone.
 */
export async function compactEtcd(port: number): Promise<void> {
  const call = async (method: string, body: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/v3/kv/${method}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`etcd refused ${method}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const key = Buffer.from("/").toString("base64");
  // etcd answers with its own message type.
  const { header } = (await call("range", { key, limit: 1 })) as { header: { revision: string } };
  await call("compaction", { revision: header.revision, physical: true });
}
