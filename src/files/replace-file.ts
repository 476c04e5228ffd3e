import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ensurePrivateFolder } from "./private-folder.ts";

/**
 * Gives a file a new content, with mode 0600, in a folder that is made, private, where it is not
 * there. Readers see the old content or the new one. A link in its place is replaced, not followed.
 */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  ensurePrivateFolder(dirname(path));
  // Of no other writer, in this process or another.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
