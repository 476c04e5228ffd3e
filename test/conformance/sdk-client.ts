import { AuditService, PangeaConfig } from "pangea-node-sdk";
import type { ServedLedger } from "./served-ledger.ts";

/** The unmodified SDK, once with each token. */
export function sdkOf({
  url,
  token,
  readToken,
}: Pick<ServedLedger, "url" | "token" | "readToken">): {
  writer: AuditService;
  reader: AuditService;
} {
  const config = new PangeaConfig({ baseUrlTemplate: url });
  return { writer: new AuditService(token, config), reader: new AuditService(readToken, config) };
}

/**
 * The SDK asks a public archive for published roots before it asks the ledger, by the global fetch
 * and no other way. This answers for the archive that it has none, until it is disposed of.
 */
export function withoutArchive(): { [Symbol.dispose]: () => void } {
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (hostname === "127.0.0.1") return real(input, init);
    return Promise.resolve(Response.json({ data: { transactions: { edges: [] } } }));
  };
  return {
    [Symbol.dispose]: () => {
      globalThis.fetch = real;
    },
  };
}
