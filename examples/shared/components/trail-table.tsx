import type { TrailEntry } from "../lib/trail";
import { TrailRow } from "./trail-row";

interface Props {
  entries: readonly TrailEntry[];
  /** How many events the log holds in all. */
  total: number;
}

export function TrailTable({ entries, total }: Props) {
  const failed = entries.filter(({ fault }) => fault !== null).length;
  return (
    <table>
      <caption>
        {total > entries.length ? `The latest ${entries.length} of ${total} events` : "All events"},
        newest first.{" "}
        {failed === 0 ? (
          "The proof of each was verified just now."
        ) : (
          <strong className="alarm">
            {failed} of them {failed === 1 ? "is" : "are"} not what was written!
          </strong>
        )}
      </caption>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">Who</th>
          <th scope="col">From</th>
          <th scope="col">Time (UTC)</th>
          <th scope="col">Proof</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <TrailRow key={entry.hash} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}
