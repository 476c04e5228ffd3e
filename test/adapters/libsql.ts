import { createRequire } from "node:module";
import type { SqliteDatabase } from "kysely";

/** A database of libSQL, which has the interface of better-sqlite3. */
interface LibsqlDatabase extends SqliteDatabase {
  exec(sql: string): void;
}

// The one that the client brings: its binaries come inside of packages, and once is enough for them.
const require = createRequire(import.meta.resolve("@libsql/client"));

/** The driver that Kysely and TypeORM take in place of better-sqlite3, which has to be compiled. */
export const Database = require("libsql") as new (path: string) => LibsqlDatabase;
