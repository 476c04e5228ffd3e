import { join, resolve, sep } from "node:path";
import { AuthlogError } from "../errors.ts";
import type { Clock } from "../time.ts";
import { type EventSchema, eventSchemaOf, type LedgerSchema } from "./event-schema.ts";
import type { AppendedEvent } from "./log-routes.ts";

/** How the embedded ledger is started. */
export interface StartLedgerOptions {
  /**
   * The database file. Its tokens, lock and descriptor lie beside it. A folder that is not there is
   * made, private, and hidden from git.
   * @default ".authlog/ledger.db"
   */
  path?: string;
  /**
   * The port; 0 takes any that is free. Where no port is given and the default one is taken, any
   * free port is used, and the descriptor tells where.
   * @default 4319
   */
  port?: number;
  /**
   * The address to listen on. Only loopback: the ledger speaks plain HTTP.
   * @default "127.0.0.1"
   */
  host?: "127.0.0.1" | "::1" | "localhost";
  /**
   * An event is published at the latest so many milliseconds after it was appended.
   * @default 5000
   */
  publishIntervalMillis?: number;
  /**
   * A buffer of so many events is published at once.
   * @default 1000
   */
  maxBufferSize?: number;
  /**
   * Largest body of a request, in bytes.
   * @default 16777216
   */
  maxBodyBytes?: number;
  /**
   * A search that takes longer than so many milliseconds is ended, and refused.
   * @default 5000
   */
  searchTimeoutMillis?: number;
  /**
   * Whether to use the ledger of another process that serves the same file. Without it, that is
   * the error `ERR_AUTHLOG_LEDGER_RUNNING`.
   * @default true
   */
  join?: boolean;
  /**
   * The fields that an event may have, and where its uid stands: that of the exporter.
   * @default "standard"
   */
  schema?: LedgerSchema;
  /** Called for each event that this process's ledger appended, once it is on disk. */
  onAppend?: (event: AppendedEvent) => void;
  /**
   * Called when the ledger cannot serve a request through a fault of its own.
   * @default none: the sender's answer is all that tells
   */
  onError?: (error: unknown) => void;
  /**
   * The time, in milliseconds since 1970.
   * @default Date.now
   */
  clock?: Clock;
}

/** {@link StartLedgerOptions}, resolved. */
export interface LedgerServerConfig {
  readonly path: string;
  readonly port: number;
  /** Whether the port was asked for, so that another one would not do. */
  readonly portIsGiven: boolean;
  readonly host: string;
  readonly publishIntervalMillis: number;
  readonly maxBufferSize: number;
  readonly maxBodyBytes: number;
  readonly searchTimeoutMillis: number;
  readonly join: boolean;
  readonly schema: EventSchema;
  readonly onAppend?: (event: AppendedEvent) => void;
  readonly onError?: (error: unknown) => void;
  readonly clock: Clock;
}

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Fills in the defaults and checks what was given.
 *
 * @throws AuthlogError `ERR_AUTHLOG_CONFIG_INVALID` naming the option
 */
export function resolveOptions(options: StartLedgerOptions): LedgerServerConfig {
  const host = options.host ?? "127.0.0.1";
  if (!loopback.has(host)) {
    throw optionError(
      "host",
      "The ledger serves loopback only: it speaks plain HTTP.",
      [...loopback].join(", "),
    );
  }
  const { path = ".authlog/ledger.db" } = options;
  if (path.endsWith("/") || path.endsWith(sep)) {
    throw optionError(
      "path",
      "It names a folder, and a ledger is a file.",
      join(path, "ledger.db"),
    );
  }
  const schema = eventSchemaOf(options.schema ?? "standard");
  if (schema === undefined) {
    throw optionError(
      "schema",
      "It is no name of a schema.",
      "standard, tutorial, tutorial-with-ids, or a schema",
    );
  }
  return Object.freeze({
    path: resolve(path),
    port: integer("port", options.port ?? 4_319, 0, 65_535),
    portIsGiven: options.port !== undefined,
    host,
    publishIntervalMillis: integer(
      "publishIntervalMillis",
      options.publishIntervalMillis ?? 5_000,
      1,
      86_400_000,
    ),
    maxBufferSize: integer("maxBufferSize", options.maxBufferSize ?? 1_000, 1, 65_536),
    maxBodyBytes: integer(
      "maxBodyBytes",
      options.maxBodyBytes ?? 16 * 1_024 ** 2,
      1_024,
      256 * 1_024 ** 2,
    ),
    searchTimeoutMillis: integer(
      "searchTimeoutMillis",
      options.searchTimeoutMillis ?? 5_000,
      1,
      60_000,
    ),
    join: options.join ?? true,
    schema,
    clock: options.clock ?? Date.now,
    ...(options.onAppend && { onAppend: options.onAppend }),
    ...(options.onError && { onError: options.onError }),
  });
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw optionError(name, "It is not a whole number in its range.", `${min} to ${max}`);
}

function optionError(name: string, why: string, allowed: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `The ledger's option "${name}" is not valid.`,
    why,
    fix: `Give one of: ${allowed}.`,
  });
}
