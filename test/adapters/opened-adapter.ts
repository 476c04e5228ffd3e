/** An official adapter over a database that was made for the test. */
export interface OpenedAdapter {
  /** As NextAuth takes it: of either major, typed for neither. */
  adapter: AdapterMethods;
  close(): Promise<void>;
}

/** What the tests themselves ask of an adapter. */
export interface AdapterMethods {
  getUserByEmail(email: string): Promise<{ id: string } | null>;
  updateSession(session: { sessionToken: string; expires: Date }): Promise<unknown>;
}

/**
 * Makes a database and the adapter over it.
 *
 * @param folder an empty one, for the database's files
 */
export type OpenAdapter = (folder: string) => Promise<OpenedAdapter>;

/** The tables that the adapters for SQL documents, as SQLite takes them. */
export const tables: readonly string[] = [
  `CREATE TABLE User (
     id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
     name TEXT, email TEXT UNIQUE, emailVerified, image TEXT
   )`,
  `CREATE TABLE Account (
     id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
     userId TEXT NOT NULL REFERENCES User (id) ON DELETE CASCADE,
     type TEXT NOT NULL, provider TEXT NOT NULL, providerAccountId TEXT NOT NULL,
     refresh_token TEXT, access_token TEXT, expires_at INTEGER, token_type TEXT, scope TEXT,
     id_token TEXT, session_state TEXT, UNIQUE (provider, providerAccountId)
   )`,
  `CREATE TABLE Session (
     id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
     sessionToken TEXT NOT NULL UNIQUE, expires NOT NULL,
     userId TEXT NOT NULL REFERENCES User (id) ON DELETE CASCADE
   )`,
  `CREATE TABLE VerificationToken (
     identifier TEXT NOT NULL, token TEXT NOT NULL UNIQUE, expires NOT NULL
   )`,
];
