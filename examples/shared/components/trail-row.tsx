"use client";

import { useId, useState } from "react";
import type { TrailEntry } from "../lib/trail";
import { ProofMark } from "./proof-mark";

/** One event, which opens to all that is known of it. */
export function TrailRow({ entry }: { entry: TrailEntry }) {
  const { name, outcome, reason, who, claimed, from, at, traceId, fault } = entry;
  const [open, setOpen] = useState(false);
  const id = useId();
  const broken = fault === null ? undefined : "broken";
  return (
    <>
      <tr className={broken}>
        <td className="event">
          <button
            type="button"
            className="toggle"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            {name}
          </button>{" "}
          <span className={`outcome ${outcome}`}>{outcome}</span>
          {reason && <span className="reason"> {reason.replaceAll("_", " ")}</span>}
          {traceId && (
            <span className="trace">
              <abbr title="Trace id of the request">trace</abbr> <code>{traceId}</code>
            </span>
          )}
          {fault && <span className="fault">{fault}</span>}
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
          <ProofMark proven={fault === null} />
        </td>
      </tr>
      <tr id={id} className="all" hidden={!open}>
        <td colSpan={5}>{open && <TrailFields fields={entry.fields} />}</td>
      </tr>
    </>
  );
}

function TrailFields({ fields }: Pick<TrailEntry, "fields">) {
  return (
    <dl>
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
