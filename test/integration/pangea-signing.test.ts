import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { type Audit, AuditService, PangeaConfig } from "pangea-node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthlogError } from "../../src/errors.ts";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { exporterTo, receiverOf } from "./pangea-harness.ts";
import { logRecord, logRecords } from "./pangea-records.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authlog-signing-"));
  path = join(folder, "signing.pem");
});
afterEach(() => rm(folder, { recursive: true }));

const pem = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();

async function writeKey(text: string, mode = 0o600): Promise<string> {
  await writeFile(path, text);
  await chmod(path, mode);
  return text;
}

const exporter = (): unknown => exporterTo({ url: "http://127.0.0.1:1" }, { signingKeyFile: path });

type Verified = Audit.AuditRecord & { signature_verification: string };

function thrown(): AuthlogError {
  try {
    exporter();
  } catch (error) {
    if (AuthlogError.is(error)) return error;
  }
  throw new Error("The key was taken.");
}

describe("events signed with a key file", () => {
  it("pass the unmodified SDK's verification, each, awkward ones too", async () => {
    await writeKey(pem());
    const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
    const signing = exporterTo(ledger, { token: ledger.token, signingKeyFile: path });
    const awkward = ["123", '{"b":1, "a":2}', "\ud800", 'é"\u0000', "\u2028"];
    const records = [
      ...logRecords(3),
      ...awkward.map((body, index) => logRecord(10 + index, { body })),
    ];
    expect(await signing.deliver(records)).toEqual({ status: "delivered" });
    const reader = new AuditService(
      ledger.readToken,
      new PangeaConfig({ baseUrlTemplate: ledger.url }),
    );
    const { result } = await reader.search("", { limit: 100 }, {});
    await ledger.close();
    const verdicts = (result.events as Verified[]).map((record) => record.signature_verification);
    expect(verdicts).toEqual(records.map(() => "pass"));
  });

  it("and sent again are the same event with the same signature, which stands once", async () => {
    await writeKey(pem());
    const receiver = await receiverOf();
    for (let time = 0; time < 2; time += 1) {
      await exporterTo(receiver, { signingKeyFile: path }).deliver(logRecords(1));
    }
    const [first, second] = receiver.requests.map(({ body }) => body);
    expect(first).toEqual(second);
    expect(first).toMatchObject({
      events: [
        { signature: expect.stringMatching(/^[\w+/]{86}==$/), public_key: expect.any(String) },
      ],
    });
  });

  it("may be read by a group, as a mounted secret is", async () => {
    await writeKey(pem(), 0o640);
    const receiver = await receiverOf();
    const signing = exporterTo(receiver, { signingKeyFile: path });
    expect(await signing.deliver(logRecords(1))).toEqual({ status: "delivered" });
  });
});

describe("a key file that cannot be used is an error that names it and the mend, never the key", () => {
  it.each<[string, () => string, number, RegExp]>([
    ["that anyone can read", pem, 0o604, /^Anyone on this machine can read it\.$/],
    ["that holds no key", () => "MC4CAQAwBQYDK2Vw the key", 0o600, /no private key as PEM/],
    ["that is empty", () => "", 0o600, /no private key as PEM/],
    [
      "of another type",
      () =>
        generateKeyPairSync("ec", { namedCurve: "P-256" })
          .privateKey.export({ format: "pem", type: "pkcs8" })
          .toString(),
      0o600,
      /of the type ec, not Ed25519/,
    ],
    [
      "with a passphrase",
      () =>
        generateKeyPairSync("ed25519")
          .privateKey.export({
            format: "pem",
            type: "pkcs8",
            cipher: "aes-256-cbc",
            passphrase: "p",
          })
          .toString(),
      0o600,
      /with a passphrase/,
    ],
    ["of megabytes", () => "x".repeat(1_000_000), 0o600, /far too long/],
  ])("%s", async (_name, make, mode, why) => {
    const text = await writeKey(make(), mode);
    const error = thrown();
    expect(error.code).toBe("ERR_AUTHLOG_SIGNING_KEY");
    expect(error.message).toContain(path);
    expect(error.why).toMatch(why);
    expect(error.fix).toContain(path);
    const told = inspect(error, { depth: Infinity, showHidden: true });
    for (const line of text.split("\n").filter((part) => part.length > 8 && part[0] !== "-")) {
      expect(told).not.toContain(line);
    }
  });

  it("that is not there, or a folder", async () => {
    expect(thrown().why).toBe("It cannot be read (ENOENT).");
    path = folder;
    await chmod(folder, 0o700);
    expect(thrown().why).toBe("It cannot be read (EISDIR).");
  });

  it("that is a FIFO is refused at once: the process is not held up", () => {
    execFileSync("mkfifo", [path]);
    const module = new URL("../../src/pangea/signing-key.ts", import.meta.url).href;
    const program = `import { readSigningKey } from "${module}";
      try { readSigningKey(${JSON.stringify(path)}); } catch ({ code, why }) { console.log(code, why); }`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(stdout).toBe("ERR_AUTHLOG_SIGNING_KEY It is no file.\n");
  });

  it("nor does the key show when an exporter with it is inspected", async () => {
    const text = await writeKey(pem());
    const told = inspect(exporter(), { depth: Infinity, showHidden: true });
    expect(told).not.toContain(text.split("\n")[1]);
  });
});
