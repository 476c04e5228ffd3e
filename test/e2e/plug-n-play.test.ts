import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { readTrail } from "../support/trail.ts";
import { packed, temporaryRoom } from "./support/installed-app.ts";

const run = promisify(execFile);
const yarn = fileURLToPath(import.meta.resolve("@yarnpkg/cli-dist/bin/yarn.js"));

const app = `
  import { register } from "authlog/instrumentation";
  import { audit, flush } from "authlog";
  await register();
  audit({ name: "app.checked" });
  process.stdout.write(String(await flush({ timeoutMillis: process.env.PANGEA_TOKEN ? 20_000 : 100 })));
  process.exit();
`;

/** An app whose packages Yarn keeps in archives. */
async function plugAndPlay(room: string): Promise<string> {
  const folder = join(room, "app");
  mkdirSync(folder);
  const authlog = `file:${await packed(room)}`;
  const dependencies = { authlog, "@opentelemetry/api": "1.10.0" };
  const { stdout: registry } = await run("npm", ["config", "get", "registry"]);
  const settings = {
    nodeLinker: "pnp",
    enableGlobalCache: false,
    enableTelemetry: false,
    enableImmutableInstalls: false,
    npmRegistryServer: registry.trim(),
    unsafeHttpWhitelist: [new URL(registry).hostname],
  };
  writeFileSync(join(folder, "app.mjs"), app);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  // JSON is YAML, too.
  writeFileSync(join(folder, ".yarnrc.yml"), JSON.stringify(settings));
  // With what the machine needs to reach the registry, such as its own certificates.
  const env = { ...process.env, ...environmentOf(folder) };
  await run(process.execPath, [yarn, "install"], { cwd: folder, env });
  return folder;
}

function environmentOf(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: folder, NODE_ENV: "development" };
}

async function runApp(folder: string, env = {}): Promise<{ printed: string; said: string[] }> {
  const child = spawn(process.execPath, [yarn, "node", "app.mjs"], {
    cwd: folder,
    env: { ...environmentOf(folder), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = (await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    once(child, "close"),
  ])) as [string[], string[], unknown];
  const said = stderr
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("[authlog]"));
  return { printed: stdout.join(""), said };
}

describe("under Yarn's Plug'n'Play", () => {
  it("an app with a token delivers, and without one register names what is missing", async () => {
    using room = temporaryRoom();
    const folder = await plugAndPlay(room.path);
    expect(await runApp(folder)).toEqual({
      printed: "false",
      said: [expect.stringMatching(/RUNTIME_UNSUPPORTED: .*cannot run under Yarn Plug'n'Play/)],
    });
    const ledger = await startLedger({ path: join(room.path, "pangea.db"), port: 0 });
    const settings = { PANGEA_TOKEN: ledger.token, PANGEA_BASE_URL_TEMPLATE: ledger.url };
    expect(await runApp(folder, settings)).toEqual({ printed: "true", said: [] });
    const trail = await readTrail(ledger);
    await ledger.close();
    // What waited in the journal of the first start is delivered by the second.
    expect(trail.map(({ action }) => action)).toEqual(["app.checked", "app.checked"]);
  });
});
