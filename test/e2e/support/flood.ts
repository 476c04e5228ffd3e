import { Agent, request } from "node:http";

/** One request of somebody without an identity. */
export interface ForgedRequest {
  method: "GET" | "POST";
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export interface FloodOptions {
  /** The app. */
  url: string;
  /** How many requests there are in all. */
  count: number;
  /** How many connections send them; each sends the next when the last one is answered. */
  connections: number;
  /** The nth request, from 0. */
  forge: (n: number) => ForgedRequest;
  /** Called after each answer, with how many there were. */
  onAnswer?: (answered: number) => void;
}

/** Sends requests over connections that are kept open. Ends when each has been answered. */
export async function flood({
  url,
  count,
  connections,
  forge,
  onAnswer,
}: FloodOptions): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  let answered = 0;
  const sender = async (): Promise<void> => {
    while (next < count) {
      const forged = forge(next);
      next += 1;
      await send(url, agent, forged);
      answered += 1;
      onAnswer?.(answered);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, sender));
  } finally {
    agent.destroy();
  }
}

function send(url: string, agent: Agent, { path, body, ...options }: ForgedRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { ...options, agent }, (response) => {
      response.on("end", resolve).on("error", reject).resume();
    });
    sent.on("error", reject).end(body);
  });
}
