/** How records are batched. Names and defaults are those of OpenTelemetry's batch processor. */
export interface BatchOptions {
  /**
   * Records that may wait for confirmation; more are counted, reported and not kept.
   * @default 2048
   */
  maxQueueSize?: number;
  /**
   * Records a batch at most. Never more than the queue holds.
   * @default 512
   */
  maxExportBatchSize?: number;
  /**
   * How long a record waits for others before it is sent, in milliseconds.
   * @default 1000
   */
  scheduledDelayMillis?: number;
  /**
   * How long one attempt to deliver may take, in milliseconds.
   * @default 30000
   */
  exportTimeoutMillis?: number;
}

/** The defaults of OpenTelemetry's specification of the batching processor. */
export const batchDefaults: Required<BatchOptions> = {
  maxQueueSize: 2048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1000,
  exportTimeoutMillis: 30_000,
};

/**
 * How many batches are under way at the same time. Over a round trip of 40 ms four delivered twice as
 * fast as one, and sixteen little faster; on loopback the number made no difference.
 */
export const maxInFlightDefault = 4;
