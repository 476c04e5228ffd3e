import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Target } from "./delivery.ts";

/** The receivers of a run, each started when it is first asked for. */
export interface Receivers {
  null: () => Promise<Target>;
  ledger: () => Promise<Target>;
  /** Takes connections, and never answers. */
  hanging: () => Promise<Target>;
  stop: () => Promise<void>;
}

/** @param folder where the ledger keeps its files */
export function createReceivers(folder: string): Receivers {
  const running = new Map<string, Promise<Receiver>>();
  const target = async (file: string, ...args: string[]): Promise<Target> => {
    const receiver = running.get(file) ?? startReceiver(file, ...args);
    running.set(file, receiver);
    return (await receiver).target;
  };
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket));
  return {
    null: () => target("null-receiver.ts"),
    ledger: () => target("ledger-receiver.ts", join(folder, "ledger.db")),
    async hanging() {
      if (!silent.listening) await once(silent.listen(0, "127.0.0.1"), "listening");
      const { port } = silent.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, token: "pts_bench" };
    },
    stop: async () => {
      silent.close();
      for (const socket of sockets) socket.destroy();
      for (const receiver of running.values()) await (await receiver).stop();
    },
  };
}

interface Receiver {
  target: Target;
  stop: () => Promise<void>;
}

/** A receiver that says on its first line where it listens, and ends when its input does. */
async function startReceiver(file: string, ...args: string[]): Promise<Receiver> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  if (child.stdout === null) throw new Error("The receiver has no output.");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(() => Promise.reject(new Error(`${file} ended before it listened.`))),
  ])) as [string];
  const { url, token = "pts_bench" } = JSON.parse(line) as Partial<Target>;
  if (url === undefined) throw new Error(`${file} did not say where it listens.`);
  return {
    target: { url, token },
    stop: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}
