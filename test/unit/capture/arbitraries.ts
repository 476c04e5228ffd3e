import fc from "fast-check";

/** What no record may hold; every secret that is planted has it in it. */
export const canary = "c4n4ry";

const secret = fc.nat().map((n) => `${canary}-${n}`);

/** Fields whose value is a secret in whatever object NextAuth, a provider or a form has them. */
const secretFields = [
  "password",
  "csrfToken",
  "access_token",
  "refresh_token",
  "id_token",
  "oauth_token_secret",
  "sessionToken",
  "token",
  "code",
  "secret",
  "cookie",
  "authorization",
  "message",
  "stack",
] as const;

/** Fields that capture reads. */
const readFields = [
  "email",
  "username",
  "login",
  "name",
  "id",
  "sub",
  "userId",
  "provider",
  "providerAccountId",
  "type",
  "identifier",
  "isNewUser",
  "expires",
] as const;

/** Texts that break terminals, encodings and budgets. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.emailAddress(),
  fc.constantFrom(
    "",
    "x".repeat(1_000_000),
    "\u{1f600}".repeat(300),
    `${"x".repeat(255)}\u{1f600}`,
    "\ud800 lone",
    "\udc00",
    "\u001b[31mroot\u001b[0m",
    "\u001b]0;title\u0007",
    "a\r\nb: c",
    "\u202Eevil",
    "__proto__",
    "alice@example.com\r\nbcc: bob@example.com",
  ),
);

const fails = (): never => {
  throw new Error(`${canary} in an error`);
};

/** An object that fails whatever is done to it. */
const trap = new Proxy({}, new Proxy({}, { get: () => fails }));

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
cycle["email"] = cycle;

/**
 * How to make a value. Arbitraries give recipes, since fast-check looks into the values that it
 * generates, which some of these do not survive.
 */
export type Recipe = () => unknown;

const bad: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -0,
  10n ** 300n,
  true,
  Symbol("s"),
  fails,
  [],
  ["alice@example.com"],
  new Date(Number.NaN),
  new Date(0),
  new Map(),
  cycle,
  trap,
  revoked,
  { toString: fails, valueOf: fails, toJSON: fails, [Symbol.toPrimitive]: fails },
];

/** Values that no field should have, and some that one should. */
const hostileValue: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 4, arbitrary: hostileText.map((text) => () => text) },
  { weight: 1, arbitrary: fc.nat(bad.length - 1).map((index) => () => bad[index]) },
);

type Plain = Record<string, unknown>;

/** Ways in which an object can be worse than its fields. */
const shapes: readonly ((plain: Plain) => unknown)[] = [
  (plain) => plain,
  (plain) => Object.freeze(plain),
  (plain) => Object.assign(Object.create(null) as object, plain),
  (plain) => Object.create(plain) as unknown,
  (plain) => Object.create(trap, Object.getOwnPropertyDescriptors(plain)) as unknown,
  (plain) => Object.assign(plain, { self: plain, user: plain, account: plain, session: plain }),
  (plain) =>
    new Proxy(plain, { get: (target, name) => (name === "id" ? fails() : target[String(name)]) }),
  (plain) => new Proxy(plain, { ownKeys: fails, getPrototypeOf: fails, has: fails }),
  (plain) => Object.defineProperty(plain, "email", { get: fails, enumerable: true }),
  () => trap,
  () => revoked,
];

/** An object of fields that are read, which have what they like, and of secrets, which are none's business. */
function objectOf(
  read: readonly string[],
  value: fc.Arbitrary<Recipe>,
  secrets: readonly string[],
): fc.Arbitrary<Recipe> {
  const rest = fc.string({ unit: "binary", maxLength: 20 }).map((name) => `x-${name}`);
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom(...read), value),
      fc.dictionary(fc.oneof(fc.constantFrom(...secrets), rest), secret),
      fc.constantFrom(...shapes),
    )
    .map(([fields, hidden, shape]) => () => {
      const plain: Plain = { ...hidden };
      for (const [name, make] of Object.entries(fields)) plain[name] = make();
      return shape(plain);
    });
}

/** A user, a profile, an account, a token, a session or credentials, as nobody should hand them over. */
export const hostileObject: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 6, arbitrary: objectOf(readFields, hostileValue, secretFields) },
  { weight: 1, arbitrary: hostileValue },
);

const hostileAddress = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef:.,[]% ")) }),
  fc.constantFrom(",".repeat(100_000), "1.2.3.4,".repeat(10_000), "[".repeat(100_000)),
);

/** The headers of Node's request. */
export const hostileHeaders: fc.Arbitrary<Recipe> = fc.oneof(
  {
    weight: 6,
    arbitrary: objectOf(
      ["x-forwarded-for", "user-agent", "host"],
      fc.oneof(
        hostileValue,
        hostileAddress.map((text) => () => text),
      ),
      ["cookie", "authorization"],
    ),
  },
  { weight: 1, arbitrary: hostileValue },
);

const paths = [
  "callback/credentials",
  "callback/email",
  "signin/email",
  "signout",
  "session",
  "_log",
];

/** The address of a request, with secrets in its query. */
export const hostileUrl: fc.Arbitrary<Recipe> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...paths), fc.oneof(fc.emailAddress(), hostileText), secret)
      .map(([path, email, value]) => () => {
        // Servers refuse longer ones.
        const query = new URLSearchParams({
          token: value,
          code: value,
          email: email.slice(0, 4000),
        });
        return `/api/auth/${path}?${query.toString()}`;
      }),
  },
  { weight: 1, arbitrary: hostileValue },
);
