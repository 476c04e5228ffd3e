import { MongoDBAdapter } from "@auth/mongodb-adapter";
import { MongoClient } from "mongodb";
import type { AdapterMethods, OpenedAdapter } from "./opened-adapter.ts";

/** MongoDB. There is no server inside of a package, so the test needs the address of one. */
export async function openMongoDb(address: string): Promise<OpenedAdapter> {
  const client = await new MongoClient(address, { serverSelectionTimeoutMS: 5000 }).connect();
  const databaseName = `authlog-test-${crypto.randomUUID()}`;
  return {
    adapter: MongoDBAdapter(client, { databaseName }) as unknown as AdapterMethods,
    async close() {
      await client.db(databaseName).dropDatabase();
      await client.close();
    },
  };
}
