import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { envelope } from "../../integration/pangea-receiver.ts";

/** A receiver that counts how often each record was delivered, which a ledger hides. */
export interface RecordingReceiver extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** How often each uid was taken. */
  readonly deliveries: ReadonlyMap<string, number>;
  /** Uids that were taken more than once. */
  repeated(): string[];
  /** While it is down it answers 503, and takes nothing: no delivery's outcome is in doubt. */
  setDown(isDown: boolean): void;
}

export async function recordingReceiver(): Promise<RecordingReceiver> {
  const deliveries = new Map<string, number>();
  let down = false;
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as { events: { event: { new?: string } }[] };
    response.setHeader("content-type", "application/json");
    if (down) return response.writeHead(503).end(envelope("ServiceUnavailable"));
    const uids = body.events.map(({ event }) => uidOf(event.new));
    for (const uid of uids) deliveries.set(uid, (deliveries.get(uid) ?? 0) + 1);
    response.end(envelope("Success", { results: uids.map(() => ({ hash: "0".repeat(64) })) }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: "pts_any",
    deliveries,
    repeated: () => [...deliveries].filter(([, count]) => count > 1).map(([uid]) => uid),
    setDown: (isDown) => void (down = isDown),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function uidOf(details: string | undefined): string {
  return String((JSON.parse(details ?? "{}") as Record<string, unknown>)["log.record.uid"]);
}
