import Credentials from "@auth/core/providers/credentials";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { audit } from "../../../src/capture/audit.ts";
import { withAudit } from "../../../src/capture/with-audit.ts";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { getSlot } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

/** What happens to the app: its functions' calls, the console's, and the headers that are read. */
const seen: unknown[] = [];

beforeEach(() => {
  seen.length = 0;
  // Else next-auth 4 warns, once in a process.
  vi.stubEnv("NEXTAUTH_URL", "http://localhost:3000");
  for (const method of ["error", "warn", "log"] as const) {
    vi.spyOn(console, method).mockImplementation((...lines: unknown[]) => {
      const texts = lines.map((line) => String(line).replace(/\n? +at .*/g, ""));
      seen.push(["console", method, ...texts]);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A function of the app's that notes how it is called. */
const own =
  <R>(name: string, result: R) =>
  (...args: unknown[]): R => {
    seen.push([name, ...args.map((arg) => (arg instanceof Object ? Object.keys(arg) : arg))]);
    return result;
  };

const authorize = (given: Partial<Record<string, unknown>>) => {
  seen.push(["authorize"]);
  if (given["password"] === "broken") throw new TypeError("fetch failed");
  return given["password"] === "right" ? { id: "7", email: "alice@example.com" } : null;
};

/** Some of its own functions, so that capture would wrap these, and add the others. */
const config = () => ({
  events: { signIn: own("events.signIn", undefined) },
  callbacks: {
    session(message: unknown) {
      own("callbacks.session", undefined)(message);
      throw new Error("no session");
    },
  },
  logger: undefined,
});

/** The headers of a request, which note what is asked of them. */
function noted<T extends object>(headers: T): T {
  return new Proxy(headers, {
    get(target, name) {
      seen.push(["header", name]);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

type Handler = (...args: unknown[]) => unknown;

const noteRequest =
  (handler: Handler): Handler =>
  (request, ...rest) => {
    const headers = noted((request as { headers: object }).headers);
    Object.defineProperty(request, "headers", { value: headers, configurable: true });
    return handler(request, ...rest);
  };

/** Has every request's headers noted on their way into what `wrap` made, in each call form. */
const noting =
  (wrap: typeof withAuthlog): typeof withAuthlog =>
  (target) => {
    const nextAuth = wrap(target) as Handler;
    return ((...args: unknown[]) => {
      if (args.length > 1) return noteRequest(nextAuth)(...args);
      const made = nextAuth(...args);
      if (typeof made === "function") return noteRequest(made as Handler);
      const { handlers, ...others } = made as { handlers: Record<"GET" | "POST", Handler> };
      const { GET, POST } = handlers;
      return { ...others, handlers: { GET: noteRequest(GET), POST: noteRequest(POST) } };
    }) as never;
  };

async function visit(major: string, form: "options" | "request", wrap: typeof withAuthlog) {
  seen.length = 0;
  const app =
    major === "4"
      ? createApp4(
          { providers: [providers4.Credentials({ authorize }) as never], ...config() } as never,
          form,
          noting(wrap),
        )
      : createApp({ providers: [Credentials({ authorize })], ...config() } as never, {
          wrap: noting(wrap),
        });
  for (const password of ["wrong", "broken", "right"]) {
    const answer = await app.post("callback/credentials", { email: "alice@example.com", password });
    seen.push(answer.status);
  }
  await app.get("session");
  await app.post("signout");
  return [...seen];
}

const unwrapped: typeof withAuthlog = (target) => target;
const offBefore: typeof withAuthlog = (target) => {
  getSlot().enabled = false;
  return withAuthlog(target);
};
/** As in a Next.js app, whose modules may be loaded before `register` is through. */
const offAfter: typeof withAuthlog = (target) => {
  getSlot().enabled = true;
  const wrapped = withAuthlog(target) as (...args: unknown[]) => unknown;
  return ((...args: unknown[]) => {
    if (args.length > 1) getSlot().enabled = false;
    const made = wrapped(...args);
    getSlot().enabled = false;
    return made;
  }) as never;
};

/** As the README has it for next-auth 4, whose options `getServerSession` takes as well. */
const optionsToo: typeof withAuthlog = (target) => {
  const wrapped = offAfter(target) as (...args: unknown[]) => unknown;
  return ((...args: object[]) =>
    wrapped(...args.slice(0, -1), withAuthlog(args.at(-1) ?? {}))) as never;
};

describe.each([
  ["5", "options"],
  ["4", "options"],
  ["4", "request"],
] as const)("switched off, next-auth %s that is called with its %s", (major, form) => {
  it.each([
    ["before", offBefore],
    ["after", offAfter],
    ["after its options were wrapped, and", optionsToo],
  ])("%s it was wrapped: does what it does unwrapped, and nothing else", async (_, wrap) => {
    const expected = await visit(major, form, unwrapped);
    expect(expected).toContainEqual(["authorize"]);
    expect(JSON.stringify(expected)).toContain("console");
    expect(await visit(major, form, wrap)).toEqual(expected);
    expect(watched.records).toEqual([]);
    expect(watched.diagnostics).toEqual([]);
  });
});

it.each([
  ["false", false],
  ["0", false],
  ["False", false],
  ["true", true],
  [undefined, true],
])("with AUTHLOG_ENABLED=%s, and nothing set up, as on the edge: on is %s", (value, on) => {
  vi.stubEnv("AUTHLOG_ENABLED", value);
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("authlog.v1")];
  expect(getSlot().enabled).toBe(on);
});

describe("switched off,", () => {
  it("a server action is the app's own, and no header is asked for", () => {
    const answer = Promise.resolve();
    const { signIn } = withAuthlog(() => ({
      handlers: { GET() {}, POST() {} },
      signIn: () => answer,
      signOut: () => answer,
    }))();
    getSlot().enabled = false;
    expect(signIn()).toBe(answer);
  });

  it("a lazy configuration reaches NextAuth as the app made it", async () => {
    const made = {};
    const load = withAuthlog((given: () => unknown) => ({ handlers: {}, given }))(() => made);
    getSlot().enabled = false;
    expect(await load.given()).toBe(made);
  });

  it("a wrapped handler runs as it is, and audit() does nothing", () => {
    const answer = { headers: noted({}) };
    const handler = withAudit((_request: object) => answer, { name: "billing.refund" });
    getSlot().enabled = false;
    expect(handler(answer)).toBe(answer);
    audit({ name: "billing.refund", request: answer });
    expect(seen).toEqual([]);
    expect(watched.records).toEqual([]);
  });
});
