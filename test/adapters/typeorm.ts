import { TypeORMAdapter } from "@auth/typeorm-adapter";
import { Database } from "./libsql.ts";
import type { AdapterMethods, OpenedAdapter } from "./opened-adapter.ts";

/**
 * TypeORM, over libSQL, with the adapter's own entities. The adapter has one connection a process: a
 * database in memory, which goes when that is closed.
 */
export async function openTypeOrm(): Promise<OpenedAdapter> {
  const adapter = TypeORMAdapter({
    type: "better-sqlite3",
    driver: Database,
    database: ":memory:",
    synchronize: true,
  });
  return {
    adapter: adapter as unknown as AdapterMethods,
    // oxlint-disable-next-line no-underscore-dangle -- the adapter has no other way
    close: () => (adapter as { __disconnect(): Promise<void> }).__disconnect(),
  };
}
