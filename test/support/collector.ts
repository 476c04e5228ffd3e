import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer as createSocketServer } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { type OtlpRecord, readOtlpRecords } from "./otlp-request.ts";

/** Where the collector's program is; it is an optional package, for Linux on x64 alone. */
export const collectorProgram: string | undefined = findProgram();

function findProgram(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("@streamfold/rotel-linux-x64/package.json");
    return new URL("bin/rotel-agent", `file://${manifest}`).pathname;
  } catch {
    return undefined;
  }
}

/** A real collector, and what it has handed on. */
export interface Collector extends AsyncDisposable {
  /** Of OTLP over HTTP, without the path. */
  url: string;
  /** Of OTLP over gRPC. */
  grpcUrl: string;
  /** Waits until it has handed on so many records. */
  records(count: number): Promise<OtlpRecord[]>;
}

const deadlineMillis = 10_000;

/** Starts rotel on free ports of the loopback; it hands on to a receiver in this process. */
export async function startCollector(program: string): Promise<Collector> {
  const received: OtlpRecord[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const isZipped = request.headers["content-encoding"] === "gzip";
    // Spans and metrics come to places of their own.
    if (request.url === "/v1/logs")
      received.push(...readOtlpRecords(isZipped ? gunzipSync(body) : body));
    response.setHeader("content-type", "application/x-protobuf").end();
  };
  const receiver = createServer((request, response) => void take(request, response));
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const [port, grpcPort] = [await freePort(), await freePort()];
  const { port: receiverPort } = receiver.address() as AddressInfo;
  const flags = {
    "--exporter": "otlp",
    "--otlp-exporter-protocol": "http",
    "--otlp-exporter-endpoint": `http://127.0.0.1:${receiverPort}`,
    "--batch-timeout": "20ms",
    "--otlp-http-endpoint": `127.0.0.1:${port}`,
    "--otlp-grpc-endpoint": `127.0.0.1:${grpcPort}`,
  };
  const child = spawn(program, ["start", ...Object.entries(flags).flat()], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {},
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const gone = once(child, "close");
  const kill = (): void => void child.kill("SIGKILL");
  // A test that timed out is not waited for; its collector must not outlive it.
  process.once("exit", kill);
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let waited = 0; !(await holds()); waited += 25) {
      if (child.exitCode !== null) throw new Error(`The collector ended: ${output}`);
      if (waited > deadlineMillis) throw new Error(`Waited in vain for ${what}. ${output}`);
      await setTimeout(25);
    }
  };
  await until("the collector to listen", () => accepts(port));
  return {
    url: `http://127.0.0.1:${port}`,
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    async records(count) {
      await until(`${count} records`, () => Promise.resolve(received.length >= count));
      return received;
    },
    async [Symbol.asyncDispose]() {
      kill();
      await gone;
      process.off("exit", kill);
      receiver.closeAllConnections();
      receiver.close();
    },
  };
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      })
      .once("error", () => resolve(false));
  });
}
