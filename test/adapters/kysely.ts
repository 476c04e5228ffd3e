import { KyselyAdapter } from "@auth/kysely-adapter";
import { Kysely, SqliteDialect } from "kysely";
import { Database } from "./libsql.ts";
import { type AdapterMethods, type OpenedAdapter, tables } from "./opened-adapter.ts";

/** Kysely, over libSQL. */
export async function openKysely(folder: string): Promise<OpenedAdapter> {
  const database = new Database(`${folder}/kysely.db`);
  for (const table of tables) database.exec(table);
  const kysely = new Kysely({ dialect: new SqliteDialect({ database }) });
  return {
    adapter: KyselyAdapter(kysely as never) as unknown as AdapterMethods,
    close: () => kysely.destroy(),
  };
}
