import { DrizzleAdapter } from "@auth/drizzle-adapter";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { type AdapterMethods, type OpenedAdapter, tables } from "./opened-adapter.ts";

/** Drizzle, over libSQL. */
export async function openDrizzle(folder: string): Promise<OpenedAdapter> {
  const client = createClient({ url: `file:${folder}/drizzle.db` });
  await client.batch([...tables], "write");
  return {
    adapter: DrizzleAdapter(drizzle(client)) as unknown as AdapterMethods,
    close: async () => client.close(),
  };
}
