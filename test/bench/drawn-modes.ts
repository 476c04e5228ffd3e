/**
 * What is on while one request is served, each from `capture` on with what the one before has. `off`
 * is there twice: what the two differ by is what the measurement itself cannot tell apart. The
 * tutorial awaits one call of the vendor's SDK in `events.signIn`.
 */
export const modes = [
  "off",
  "off again",
  "tutorial",
  "capture",
  "+ emit",
  "+ journal",
  "+ delivery",
  "+ tracer",
  "receiver hangs",
] as const;

export type Mode = (typeof modes)[number];

/** What one request cost the server. */
export interface Cost {
  /** Processor time of the main thread from the request's arrival to the end of its answer, in µs. */
  cpu: number;
  /** The same by the clock, in µs. */
  wall: number;
}

/** What the server inside the app answers when it is asked for its figures. */
export type Costs = Readonly<Partial<Record<Mode, readonly Cost[]>>>;
