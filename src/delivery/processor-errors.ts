import { AuthlogError } from "../errors.ts";
import { plural } from "./plural.ts";

/** One record fails by itself, over and over, while others pass. */
export function givenUp(failures: number, { why }: AuthlogError): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DELIVERY_GIVEN_UP", {
    message: "An audit record is given up: the receiver fails over it, and takes all others.",
    why: `It was sent ${failures} times by itself. The last time: ${why}`,
    fix: "Look at the record among the dead letters, and at what the receiver's own log says of it.",
  });
}

/** The queue holds no more. */
export function full(maxQueueSize: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_QUEUE_FULL", {
    message: "An audit record was dropped: the queue is full.",
    why: `${maxQueueSize} records wait for a receiver that does not keep up, or does not answer.`,
    fix: "Look at the receiver, or raise OTEL_BLRP_MAX_QUEUE_SIZE.",
  });
}

/** A record that comes too late. */
export function shutDown(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_PROCESSOR_SHUT_DOWN", {
    message: "An audit record was dropped: the processor was shut down before.",
    why: "The event happened after the SDK's shutdown().",
    fix: "Shut the SDK down last, when the server takes no more requests.",
  });
}

/** What is left when nothing more will be tried. */
export function incomplete(count: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE", {
    message: `The process ended with ${plural(count, "audit record")} undelivered.`,
    why: "The receiver did not take them before the shutdown.",
    fix: "Look at the receiver; what the exporter reported before says why it failed.",
  });
}

/** Somebody between the logger and the processor changed a record. */
export function altered(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_ALTERED", {
    message: "An audit record was changed on its way; authlog delivers it as it was emitted.",
    why: "An attribute limit of the SDK, or a processor in front of authlog's, changed its attributes.",
    fix: "Raise OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT, or register auditProcessor() first.",
  });
}

/** A disk that keeps people waiting. */
export function diskSlow(timeoutMillis: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_SLOW", {
    message: "An answer was sent before its audit event was known to be on the disk.",
    why: `The disk did not store it within ${timeoutMillis} ms, and nobody waits longer for it.`,
    fix: "Look at the disk. The event is with the kernel, which goes on writing it.",
  });
}
