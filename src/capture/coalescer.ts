import type { AuthEvent } from "../event/auth-event.ts";

/** What a coalescer needs of the world around it. */
export interface CoalescerWorld {
  emit(event: AuthEvent): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds. */
  schedule(callback: () => void, delayMillis: number): void;
}

/** Events of one kind and address that are told one by one in each window, and of all together. */
const perKey = 5;
const perWindow = 100;
const windowMillis = 60_000;
/** What is counted is told this often, so that little is lost when a process is killed. */
const tellMillis = 10_000;
/**
 * Kinds and addresses that are told apart; beyond, addresses are not. Each is told with every telling,
 * so that with more of them a client that makes up addresses would write most of the log.
 */
const maxKeys = 100;

interface Group {
  /** Told one by one in this window. */
  told: number;
  /** Counted since the last telling, and the first of them. */
  held: number;
  sample: AuthEvent | undefined;
  /** Whether it takes what comes from any address. */
  readonly shared: boolean;
}

/**
 * Keeps those who cannot sign in from drowning those who can. Of the events that need no identity,
 * the first few of each reason and address in a minute pass; the others become one event with a
 * count. Nothing is left out of the counts, and memory is bounded whatever addresses a client makes
 * up.
 */
export class Coalescer {
  readonly #world: CoalescerWorld;
  readonly #groups = new Map<string, Group>();
  #told = 0;
  #windowEndsMillis = -Infinity;
  #telling = false;

  constructor(world: CoalescerWorld) {
    this.#world = world;
  }

  /** Takes an event: it is told at once, or counted. */
  offer(event: AuthEvent): void {
    this.#turnWindow();
    const group = this.#groupOf(event);
    if (group.told < perKey && this.#told < perWindow) {
      group.told += 1;
      this.#told += 1;
      this.#world.emit(event);
      return;
    }
    group.held += 1;
    group.sample ??= group.shared ? withoutAddress(event) : event;
    if (!this.#telling) {
      this.#telling = true;
      this.#world.schedule(() => this.flush(), tellMillis);
    }
  }

  /** Tells what was counted. */
  flush(): void {
    this.#telling = false;
    for (const group of this.#groups.values()) {
      const { held, sample } = group;
      if (sample === undefined) continue;
      group.held = 0;
      group.sample = undefined;
      this.#world.emit({ ...sample, coalescedCount: held });
    }
  }

  #turnWindow(): void {
    const now = this.#world.now();
    // A clock that jumped back must not stretch a window.
    if (now < this.#windowEndsMillis && now >= this.#windowEndsMillis - windowMillis) return;
    this.#windowEndsMillis = now + windowMillis;
    this.#told = 0;
    for (const [key, group] of this.#groups) {
      if (group.sample === undefined) this.#groups.delete(key);
      else group.told = 0;
    }
  }

  #groupOf(event: AuthEvent): Group {
    const kind = `${event.name} ${event.reason} ${event.errorType}`;
    const own = this.#groups.get(`${kind} ${event.request?.clientAddress}`);
    if (own !== undefined) return own;
    const shared = this.#groups.size >= maxKeys;
    const key = shared ? kind : `${kind} ${event.request?.clientAddress}`;
    const group = this.#groups.get(key) ?? { told: 0, held: 0, sample: undefined, shared };
    this.#groups.set(key, group);
    return group;
  }
}

/** What stands for events of many addresses must not blame one of them. */
function withoutAddress(event: AuthEvent): AuthEvent {
  const { clientAddress: _, clientAddressVerified: __, ...request } = event.request ?? {};
  return { ...event, request };
}
