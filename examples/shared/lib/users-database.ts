import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

let database: DatabaseSync | undefined;

/** The app's database, opened at the first use: a build imports this file as well, and needs none. */
export function openUsersDatabase(): DatabaseSync {
  if (database !== undefined) return database;
  const path = process.env["DATABASE_PATH"] ?? ".data/users.db";
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  database = new DatabaseSync(path);
  database.exec(schema);
  return database;
}

// A Next.js app opens it once in each bundle, so a writer may have to wait for another. The tokens of
// the providers are not kept: nothing here needs them.
const schema = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, name TEXT, email TEXT NOT NULL UNIQUE, emailVerified INTEGER, image TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS accounts (
    provider TEXT, providerAccountId TEXT, type TEXT NOT NULL, userId TEXT NOT NULL REFERENCES users,
    PRIMARY KEY (provider, providerAccountId)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS sessions (
    sessionToken TEXT PRIMARY KEY, userId TEXT NOT NULL REFERENCES users, expires INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS verification_tokens (
    identifier TEXT, token TEXT, expires INTEGER NOT NULL, PRIMARY KEY (identifier, token)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS leavers (email TEXT PRIMARY KEY) STRICT;
`;
