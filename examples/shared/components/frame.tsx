import type { ReactNode } from "react";
import type { Trail } from "../lib/trail";
import { TrailCard } from "./trail-card";

interface Props {
  trail: Trail;
  /** What the visitor can do first, beside the log or above it. */
  children: ReactNode;
  /** What else there is to do: below that, and on a phone below the log. */
  below: ReactNode;
  /** Stands beside the title. */
  aside?: ReactNode;
}

/** The demo's one page: on the left what one can do, on the right what became of it. */
export function Frame({ trail, children, below, aside }: Props) {
  return (
    <main>
      <header>
        <h1>
          auth<span>log</span>
        </h1>
        <p>Sign in, or fail to. Either way it is written down, and nobody can edit it unseen.</p>
        {aside}
      </header>
      <div className="columns">
        <div className="first">{children}</div>
        <TrailCard trail={trail} />
        <div className="below">{below}</div>
      </div>
    </main>
  );
}
