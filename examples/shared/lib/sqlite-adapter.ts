import type { DatabaseSync, SQLInputValue } from "node:sqlite";

interface User {
  id: string;
  name?: string | null;
  email: string;
  emailVerified: Date | null;
  image?: string | null;
}

interface Session {
  sessionToken: string;
  userId: string;
  expires: Date;
}

interface VerificationToken {
  identifier: string;
  token: string;
  expires: Date;
}

interface AccountKey {
  provider: string;
  providerAccountId: string;
}

/** A row as SQLite gives it: times are milliseconds since 1970. */
type Row = Record<string, SQLInputValue>;

/**
 * NextAuth's adapter, of either major, over the SQLite that Node has built in. It keeps users, the
 * accounts linked to them, sessions, and the tokens of e-mail links.
 */
export function sqliteAdapter(open: () => DatabaseSync) {
  const one = (sql: string, ...values: SQLInputValue[]): Row | undefined =>
    open()
      .prepare(sql)
      .get(...values);

  return {
    createUser: ({ name, email, emailVerified, image }: Omit<User, "id">): User =>
      toUser(
        one(
          "INSERT INTO users VALUES (?, ?, ?, ?, ?) RETURNING *",
          crypto.randomUUID(),
          name ?? null,
          email,
          emailVerified?.getTime() ?? null,
          image ?? null,
        ),
      )!,

    getUser: (id: string): User | null => toUser(one("SELECT * FROM users WHERE id = ?", id)),

    getUserByEmail: (email: string): User | null =>
      toUser(one("SELECT * FROM users WHERE email = ?", email)),

    getUserByAccount: ({ provider, providerAccountId }: AccountKey): User | null =>
      toUser(
        one(
          `SELECT users.* FROM users JOIN accounts ON users.id = userId
             WHERE provider = ? AND providerAccountId = ?`,
          provider,
          providerAccountId,
        ),
      ),

    updateUser: ({ id, name, email, emailVerified, image }: Partial<User> & { id: string }): User =>
      toUser(
        one(
          `UPDATE users SET name = coalesce(?, name), email = coalesce(?, email),
               emailVerified = coalesce(?, emailVerified), image = coalesce(?, image)
             WHERE id = ? RETURNING *`,
          name ?? null,
          email ?? null,
          emailVerified?.getTime() ?? null,
          image ?? null,
          id,
        ),
      )!,

    async linkAccount({
      provider,
      providerAccountId,
      type,
      userId,
    }: AccountKey & { type: string; userId: string }): Promise<void> {
      one("INSERT INTO accounts VALUES (?, ?, ?, ?)", provider, providerAccountId, type, userId);
    },

    createSession({ sessionToken, userId, expires }: Session): Session {
      one("INSERT INTO sessions VALUES (?, ?, ?)", sessionToken, userId, expires.getTime());
      return { sessionToken, userId, expires };
    },

    getSessionAndUser(sessionToken: string): { session: Session; user: User } | null {
      const session = toSession(one("SELECT * FROM sessions WHERE sessionToken = ?", sessionToken));
      const user = session && toUser(one("SELECT * FROM users WHERE id = ?", session.userId));
      return session && user && { session, user };
    },

    updateSession: ({ sessionToken, expires }: Partial<Session> & { sessionToken: string }) =>
      toSession(
        one(
          "UPDATE sessions SET expires = coalesce(?, expires) WHERE sessionToken = ? RETURNING *",
          expires?.getTime() ?? null,
          sessionToken,
        ),
      ),

    /** Like most official adapters, it does not say what it deleted. */
    async deleteSession(sessionToken: string): Promise<void> {
      one("DELETE FROM sessions WHERE sessionToken = ?", sessionToken);
    },

    createVerificationToken(issued: VerificationToken): VerificationToken {
      const { identifier, token, expires } = issued;
      one("INSERT INTO verification_tokens VALUES (?, ?, ?)", identifier, token, expires.getTime());
      return issued;
    },

    /** A token is good for one use, so it is gone with the answer. */
    useVerificationToken: (
      sought: Omit<VerificationToken, "expires">,
    ): VerificationToken | null => {
      const { identifier, token } = sought;
      const row = one(
        "DELETE FROM verification_tokens WHERE identifier = ? AND token = ? RETURNING *",
        identifier,
        token,
      );
      return row ? { identifier, token, expires: new Date(Number(row["expires"])) } : null;
    },
  };
}

function toUser(row: Row | undefined): User | null {
  if (row === undefined) return null;
  const { emailVerified, ...rest } = row;
  return {
    ...(rest as unknown as User),
    emailVerified: emailVerified === null ? null : new Date(Number(emailVerified)),
  };
}

function toSession(row: Row | undefined): Session | null {
  return row ? { ...(row as unknown as Session), expires: new Date(Number(row["expires"])) } : null;
}
