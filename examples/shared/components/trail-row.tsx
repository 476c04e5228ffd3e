import type { TrailEntry } from "../lib/trail";
import { ProofMark } from "./proof-mark";

export function TrailRow({ entry }: { entry: TrailEntry }) {
  const { name, outcome, reason, who, claimed, from, at, traceId, proven } = entry;
  return (
    <tr className={proven ? undefined : "broken"}>
      <td className="event">
        <span className="name">{name}</span> <span className={`outcome ${outcome}`}>{outcome}</span>
        {reason && <span className="reason"> {reason.replaceAll("_", " ")}</span>}
        {traceId && (
          <span className="trace">
            <abbr title="Trace id of the request">trace</abbr> <code>{traceId}</code>
          </span>
        )}
      </td>
      <td className="who">
        {who}
        {claimed && <span className="claim"> claimed, not proven</span>}
      </td>
      <td className="from">{from}</td>
      <td className="when">
        <time dateTime={at}>{at.slice(11, 19)}</time>
      </td>
      <td className="mark">
        <ProofMark proven={proven} />
      </td>
    </tr>
  );
}
