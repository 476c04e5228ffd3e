import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { envelope } from "./pangea-receiver.ts";

/** What can be wrong with a record itself, and how it then ends. */
export const fates: Readonly<Record<string, string>> = {
  invalid: "ERR_AUTHLOG_DELIVERY_REJECTED",
  huge: "ERR_AUTHLOG_DELIVERY_REJECTED",
  poison: "ERR_AUTHLOG_DELIVERY_GIVEN_UP",
};

/** An event as it stands in a request, by what decides its fate: its uid, and what is wrong with it. */
export interface Sent {
  uid: string;
  /** The name of what its record was made to be: `good`, `invalid`, `huge` or `poison`. */
  kind: string;
}

/** The exchange that an answer is to be given in. */
interface Call {
  events: Sent[];
  response: ServerResponse;
  /** The envelope that says that the request was accepted, with an id of its own. */
  accepted: string;
  /** The events were taken. */
  take(): void;
  /** Whether to take them, where the answer does not tell. */
  coin(): boolean;
}

/** What a receiver may do with a request that it has nothing against. */
export interface Mood {
  /** Whether the sender cannot know if the events were taken. */
  ambiguous: boolean;
  play(call: Call): void;
  /** Answers a question about an accepted request: with the number of the question. */
  poll?(call: Call, question: number): void;
}

const html = "<html><body><h1>Something is wrong</h1></body></html>";

const say = (
  { response }: Call,
  status: number,
  body = "",
  headers: Record<string, string> = {},
): void =>
  void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);

const success = (events: readonly Sent[]): string =>
  envelope("Success", { results: events.map(() => ({ hash: "0".repeat(64) })) });

/** The sender need not ask for longer than a moment, and sends it again. */
const shortLived = (accepted: string): string =>
  JSON.stringify({ ...JSON.parse(accepted), result: { ttl_mins: 0.001 } });

/** Says no, and means it. */
const refusal = (status: number, body: string, headers?: Record<string, string>): Mood => ({
  ambiguous: false,
  play: (call) => say(call, status, body, headers),
});

/** Says no, but may have taken the events. */
const failure = (status: number, body: string): Mood => ({
  ambiguous: true,
  play(call) {
    if (call.coin()) call.take();
    say(call, status, body);
  },
});

/** Whatever can come back for a request with nothing wrong in it. */
export const moods: Readonly<Record<string, Mood>> = {
  taken: {
    ambiguous: false,
    play(call) {
      call.take();
      say(call, 200, success(call.events));
    },
  },
  "401 as JSON": refusal(401, envelope("Unauthorized")),
  "401 as HTML": refusal(401, html),
  "403 as JSON": refusal(403, envelope("Forbidden")),
  "403 as HTML": refusal(403, html),
  "429": refusal(429, envelope("TooManyRequests")),
  "429 with Retry-After": refusal(429, "", { "retry-after": "0" }),
  "503 with Retry-After": refusal(503, html, { "retry-after": "0" }),
  "500 as JSON": failure(500, envelope("InternalError")),
  "500 as HTML": failure(500, html),
  "502 as JSON": failure(502, envelope("ProviderError")),
  "502 as HTML": failure(502, html),
  "503 as JSON": failure(503, envelope("ServiceTemporarilyUnavailable")),
  "504 as JSON": failure(504, envelope("Timeout")),
  "504 as HTML": failure(504, html),
  "an empty 200": failure(200, ""),
  "too few results": failure(200, success([])),
  "202, taken when asked about": {
    ambiguous: false,
    play: (call) => say(call, 202, call.accepted),
    poll(call, question) {
      if (question < 2) return say(call, 202, call.accepted);
      // An answer can be lost; whoever asks once more hears of the same request.
      if (question === 2) call.take();
      say(call, 200, success(call.events));
    },
  },
  "202, and done when the sender has ceased to wait": {
    // The sender asks again in its next attempt, and sends nothing.
    ambiguous: false,
    play(call) {
      call.take();
      say(call, 202, call.accepted);
    },
    poll(call, question) {
      if (question < 4) return say(call, 202, call.accepted);
      say(call, 200, success(call.events));
    },
  },
  "202, and never done": {
    ambiguous: true,
    play(call) {
      if (call.coin()) call.take();
      say(call, 202, shortLived(call.accepted));
    },
    poll: (call) => say(call, 202, shortLived(call.accepted)),
  },
  "a hang": {
    ambiguous: true,
    play(call) {
      if (call.coin()) call.take();
    },
  },
  "a slow drip": {
    ambiguous: true,
    play(call) {
      if (call.coin()) call.take();
      const drip = setInterval(() => call.response.write(" "), 20);
      call.response.once("close", () => clearInterval(drip));
    },
  },
  "a reset after the request was taken": {
    ambiguous: true,
    play(call) {
      call.take();
      call.response.socket?.resetAndDestroy();
    },
  },
  "a reset before it was": {
    ambiguous: true,
    play: ({ response }) => void response.socket?.resetAndDestroy(),
  },
};

/** An accepted request. */
interface Asked {
  call: Call;
  mood: Mood;
  question: number;
  isForsaken: boolean;
}

export interface MoodyReceiver {
  url: string;
  /** How often each event was taken. */
  taken: ReadonlyMap<string, number>;
  /** How often an answer left open whether an event was taken. */
  open: ReadonlyMap<string, number>;
  /** How often each mood was played. */
  played: ReadonlyMap<string, number>;
  /** Requests that a redirect led elsewhere. */
  astray: () => number;
  /**
   * Events of accepted requests: a sender that dies before it has heard their outcome never learns
   * it. Each request is handed out once.
   */
  forsake: () => string[];
  close(): Promise<void>;
}

/**
 * A receiver that refuses as Pangea does what is invalid (400) or too large (413), fails over a
 * poisoned event (500), and meets all other requests in the mood that it is told to be in.
 *
 * @param mood the name of the mood for the next request
 */
export async function startMoodyReceiver(
  mood: () => string,
  random: () => number,
): Promise<MoodyReceiver> {
  const taken = new Map<string, number>();
  const open = new Map<string, number>();
  const played = new Map<string, number>();
  const accepted = new Map<string, Asked>();
  let requests = 0;
  let astray = 0;

  const elsewhere = createServer((_message, response) => {
    astray += 1;
    response.end();
  });
  const server = createServer((message, response) => void handle(message, response));

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const events = await read(message);
    requests += 1;
    const id = `prq_${String(requests).padStart(32, "0")}`;
    const call: Call = {
      events,
      response,
      accepted: envelope("Accepted").replace(/prq_\w+/, id),
      take: () => events.forEach(({ uid }) => count(taken, uid)),
      coin: () => random() < 0.5,
    };
    const has = (kind: string): boolean => events.some((event) => event.kind === kind);
    if (message.method === "GET") {
      const asked = accepted.get(message.url?.split("/").at(-1) ?? "");
      if (asked === undefined) return say(call, 404, envelope("NotFound"));
      asked.question += 1;
      return asked.mood.poll?.({ ...asked.call, response }, asked.question);
    }
    if (has("huge")) return say(call, 413, random() < 0.5 ? html : envelope("TooLarge"));
    if (has("invalid")) return say(call, 400, refused(events, random() < 0.5));
    if (has("poison")) return say(call, 500, envelope("InternalError"));
    const name = mood();
    count(played, name);
    if (name === "a redirect") {
      return say(call, 307, "", { location: `${urlOf(elsewhere)}/v2/log` });
    }
    const chosen = moods[name];
    if (chosen === undefined) throw new Error(`There is no mood ${name}.`);
    if (chosen.ambiguous) for (const { uid } of events) count(open, uid);
    if (chosen.poll !== undefined) {
      accepted.set(id, { call, mood: chosen, question: 0, isForsaken: false });
    }
    chosen.play(call);
  }

  for (const one of [server, elsewhere]) {
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  }
  return {
    url: urlOf(server),
    taken,
    open,
    played,
    astray: () => astray,
    forsake() {
      const asked = [...accepted.values()].filter(({ isForsaken }) => !isForsaken);
      for (const one of asked) one.isForsaken = true;
      return asked.flatMap(({ call }) => call.events.map(({ uid }) => uid));
    },
    async close() {
      for (const one of [server, elsewhere]) {
        one.closeAllConnections();
        await new Promise((resolve) => one.close(resolve));
      }
    },
  };
}

async function read(message: IncomingMessage): Promise<Sent[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (text === "") return [];
  const body = JSON.parse(text) as { events: { event: Record<string, string> }[] };
  return body.events.map(({ event }) => ({
    uid: JSON.parse(event["new"] ?? "{}")["log.record.uid"],
    kind: event["action"] ?? "",
  }));
}

/** Pangea's refusal of what is invalid, with pointers to it or without. */
function refused(events: readonly Sent[], pointers: boolean): string {
  const errors = events.flatMap(({ kind }, index) =>
    kind === "invalid"
      ? [{ code: "BadFormat", detail: "is not valid", source: `/events/${index}/event/actor` }]
      : [],
  );
  return envelope("ValidationError", pointers ? { errors } : {});
}

function urlOf(server: ReturnType<typeof createServer>): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
