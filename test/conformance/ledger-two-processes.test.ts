import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveLedger, temporaryFolder } from "./served-ledger.ts";

const entry = resolve(import.meta.dirname, "../../src/ledger-server/start-ledger.ts");
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  folder[Symbol.dispose]();
});

/** A process that starts the ledger as an app does, tells how, and stays until it is killed. */
async function startInProcess(options: object): Promise<{
  started: { url: string; joined: boolean; token: string; code?: string };
  stop: () => Promise<unknown>;
}> {
  const script = `
    const { startLedger } = await import(${JSON.stringify(entry)});
    const tell = (value) => console.log(JSON.stringify(value));
    try { tell(await startLedger(${JSON.stringify(options)})); } catch ({ code }) { tell({ code }); }
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const exited = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    started: JSON.parse(line.toString()),
    stop: () => {
      child.kill("SIGKILL");
      return exited;
    },
  };
}

describe("two processes and one ledger", () => {
  it("started at once, exactly one serves and the others join it", async () => {
    const options = { path: join(folder.path, "ledger.db"), port: 0 };
    const all = await Promise.all(Array.from({ length: 4 }, () => startInProcess(options)));
    const started = all.map((one) => one.started);
    expect(started.filter(({ joined }) => joined)).toHaveLength(3);
    expect(new Set(started.map(({ url }) => url)).size).toBe(1);
    expect(new Set(started.map(({ token }) => token)).size).toBe(1);
    await Promise.all(all.map(({ stop }) => stop()));
  });

  it("the next process serves when the one before was killed", async () => {
    const options = { path: join(folder.path, "ledger.db"), port: 0 };
    const first = await startInProcess(options);
    await first.stop();
    const second = await startInProcess(options);
    expect(second.started.joined).toBe(false);
    expect(second.started.token).toBe(first.started.token);
    await second.stop();
  });

  it("authlog serve says where the ledger runs already, and exits with 1", async () => {
    const ledger = await serveLedger(folder.path);
    await expect(serveLedger(folder.path)).rejects.toThrow(/ended with 1/);
    await ledger.stop();
  });

  it("a foreign server at the address of a stale descriptor is never sent a token", async () => {
    const ledger = await serveLedger(folder.path);
    const seen: string[] = [];
    const foreign = createServer((request, response) => {
      seen.push(JSON.stringify([request.url, request.rawHeaders]));
      // It passes the challenge on to the real ledger, and the ledger's answer back.
      void fetch(`${ledger.url}${request.url}`)
        .then((answer) => answer.text())
        .then((text) => response.end(text));
    });
    await once(foreign.listen(0, "127.0.0.1"), "listening");
    const { port } = foreign.address() as { port: number };
    const descriptor = join(folder.path, "ledger.json");
    const truth = readFileSync(descriptor, "utf8");
    writeFileSync(descriptor, truth.replace(ledger.url, `http://127.0.0.1:${port}`));

    const path = join(folder.path, "ledger.db");
    const joining = startInProcess({ path, port: 0 });
    await once(foreign, "request");
    writeFileSync(descriptor, truth);
    const joined = await joining;
    expect(joined.started).toMatchObject({ url: ledger.url, joined: true });
    expect(seen.join("\n")).toContain("/authlog/challenge/");
    expect(seen.join("\n")).not.toContain(ledger.token);
    await Promise.all([joined.stop(), ledger.stop()]);
    await new Promise((resolved) => foreign.close(resolved));
  });

  it("a port that was asked for and is taken is an error, one that was not is let go", async () => {
    const squatter = createServer();
    await once(squatter.listen(0, "127.0.0.1"), "listening");
    const { port } = squatter.address() as { port: number };
    const path = join(folder.path, "ledger.db");
    const asked = await startInProcess({ path, port });
    expect(asked.started.code).toBe("ERR_AUTHLOG_LEDGER_PORT_IN_USE");
    const free = await startInProcess({ path, port: 0 });
    expect(free.started.joined).toBe(false);
    await Promise.all([asked.stop(), free.stop()]);
    await new Promise((resolved) => squatter.close(resolved));
  });
});
