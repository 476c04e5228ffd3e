import { UnstorageAdapter } from "@auth/unstorage-adapter";
import { createStorage } from "unstorage";
import memory from "unstorage/drivers/memory";
import type { AdapterMethods, OpenedAdapter } from "./opened-adapter.ts";

/** Unstorage, in memory. */
export async function openUnstorage(): Promise<OpenedAdapter> {
  const storage = createStorage({ driver: memory() });
  return {
    adapter: UnstorageAdapter(storage) as unknown as AdapterMethods,
    close: () => storage.dispose(),
  };
}
