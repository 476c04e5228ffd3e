import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

/** Keeps what an OpenID provider remembers (sessions, codes, grants) in memory, for as long as it runs. */
export function memoryStore(): AdapterFactory {
  const kept = new Map<string, AdapterPayload>();
  const find = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    [...kept.values()].find(matches);

  return (kind): Adapter => ({
    async upsert(id, payload, expiresInSeconds) {
      const key = `${kind} ${id}`;
      kept.set(key, payload);
      if (expiresInSeconds !== undefined) {
        setTimeout(() => kept.delete(key), Math.min(expiresInSeconds * 1000, longestTimer)).unref();
      }
    },
    find: async (id) => kept.get(`${kind} ${id}`),
    findByUid: async (uid) => find((payload) => payload.kind === kind && payload.uid === uid),
    findByUserCode: async (code) => find((payload) => payload.userCode === code),
    async consume(id) {
      const payload = kept.get(`${kind} ${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      kept.delete(`${kind} ${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
    },
  });
}

/** Timers of Node hold 31 bits of milliseconds. */
const longestTimer = 2 ** 31 - 1;
