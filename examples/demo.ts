import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { AuthlogError } from "authlog";
import { startLedger } from "authlog/ledger";
import { eventLine } from "../src/cli/event-line.ts";
import {
  type Arguments,
  type Example,
  readArguments,
  usage,
  UsageError,
} from "./demo/arguments.ts";
import { choosePort } from "./demo/choose-port.ts";
import { startNext } from "./demo/next-process.ts";
import type { Mail } from "./identity/mail-server.ts";
import { startIdentity } from "./identity/start-identity.ts";
import { demoUsers } from "./shared/lib/demo-users.ts";

const color = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const bold = (text: string): string => (color ? `\u001B[1m${text}\u001B[22m` : text);
const dim = (text: string): string => (color ? `\u001B[2m${text}\u001B[22m` : text);

/** Aborted when the demo is asked to stop. */
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => stop.abort());
}

try {
  const asked = readArguments(process.argv.slice(2));
  if (asked === "help") console.log(usage);
  else await demo(asked);
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(`\n${describe(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

async function demo({ example, port }: Arguments): Promise<void> {
  const folder = join(import.meta.dirname, example.folder);
  // First, because it holds the lock: a second demo ends here, and does not build into the first.
  const path = join(folder, ".authlog/ledger.db");
  const ledger = await startLedger({
    path,
    port: 0,
    join: false,
    onAppend: ({ event, receivedAt }) => console.log(eventLine(event, { receivedAt, color })),
    onError: (error) => console.error(describe(error)),
  });
  try {
    const chosen = await choosePort(port ?? 3000, port === undefined);
    await build(folder);
    const identity = await startIdentity({ people: demoUsers, onMail });
    await serve(folder, example, chosen, {
      ...settingsFor(ledger),
      ...identity.settings,
      // By this the page offers to edit the ledger, and to take that back.
      DEMO_LEDGER_PATH: path,
    }).finally(() => identity.close());
  } finally {
    await ledger.close();
  }
}

async function build(folder: string): Promise<void> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const doing = "Building the example for production";
  console.log(`\n${doing} (about a quarter of a minute) …`);
  const progress = setInterval(() => {
    if (color) process.stdout.write(`\r${dim(`${seconds()} s`)} `);
  }, 1000);
  const { child, output } = startNext(folder, ["build"], stop);
  const [code] = (await once(child, "close").finally(() => clearInterval(progress))) as [number];
  stop.signal.throwIfAborted();
  if (code !== 0) throw new Error(`The build failed:\n\n${output()}`);
  console.log(`${color ? "\r" : ""}Built in ${seconds()} s.`);
}

async function serve(
  folder: string,
  { pages }: Example,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  // By this name and no other: next-auth 5 makes each request anew, where Next.js calls every address of
  // the loopback "localhost", whatever AUTH_URL says, and cookies do not cross over to an address.
  const url = `http://localhost:${port}`;
  const { child, output } = startNext(
    folder,
    // A browser that looks for "localhost" at ::1 goes on to here, since nobody answers it there.
    ["start", "--hostname", "127.0.0.1", "--port", String(port)],
    { settings: { ...settings, AUTH_URL: url, NEXTAUTH_URL: url }, signal: stop.signal },
  );
  child.stdout?.on("data", (text: string) => {
    if (text.includes("Ready in")) console.log(welcome(url, pages));
  });
  // Of what the app says, only what authlog itself has to say to the people who run it.
  child.stderr?.on("data", (text: string) => {
    if (text.includes("[authlog]")) console.error(text.trimEnd());
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (!stop.signal.aborted) {
    throw new Error(`The app ended by itself (${signal ?? code}):\n\n${output()}`);
  }
  console.log("\nStopped. The log is kept for the next time.");
}

function settingsFor(ledger: Ledger): Record<string, string> {
  // Made anew at each start, so there is no secret to keep; sessions end with the demo.
  const secret = randomBytes(32).toString("base64url");
  return {
    AUTH_SECRET: secret,
    NEXTAUTH_SECRET: secret,
    PANGEA_TOKEN: ledger.token,
    PANGEA_BASE_URL_TEMPLATE: ledger.url,
    AUTHLOG_READ_TOKEN: ledger.readToken,
  };
}

function onMail({ to, link }: Mail): void {
  console.log(`\nAn e-mail to ${to} says:  ${bold(link ?? "")}\n`);
}

type Ledger = Awaited<ReturnType<typeof startLedger>>;

function welcome(url: string, pages: Example["pages"]): string {
  const addresses = pages.map((path) => bold(url + path));
  const people = demoUsers.map(
    ({ email, password, fate }) => `  ${email.padEnd(20)}${password.padEnd(20)}${dim(fate)}`,
  );
  return `
Open  ${addresses.join("\nor    ")}

${people.join("\n")}

Sign in, try a wrong password, sign out: each stands here and on the page, which also offers
to edit the ledger. E-mails are delivered to nobody; their links stand here, too. Ctrl+C stops.
`;
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${usage}`;
  if (AuthlogError.is(error)) return `${error.message} ${error.why}\n${error.fix}`;
  return error instanceof Error ? error.message : String(error);
}
