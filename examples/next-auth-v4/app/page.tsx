import { AccountCard } from "authlog-example-shared/components/account-card";
import { Frame } from "authlog-example-shared/components/frame";
import { LiveRefresh } from "authlog-example-shared/components/live-refresh";
import { offers } from "authlog-example-shared/lib/offers";
import { readTrail } from "authlog-example-shared/lib/trail";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../auth-options";
import { LeavingOtherWays, LeavingSignInCard } from "../components/leaving-sign-in-card";
import { Routers } from "../components/routers";
import { SessionCard } from "../components/session-card";
import { explain } from "../lib/explain";
import { changePhoneByAction } from "./account-actions";

interface Props {
  searchParams: Promise<{ error?: string; type?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const [session, trail, { error, type }] = await Promise.all([
    getServerSession(sessionOptions),
    readTrail(25),
    searchParams,
  ]);
  const problem = explain(error);

  return (
    <Frame
      trail={trail}
      aside={<Routers current="/" />}
      below={
        session?.user ? (
          <AccountCard
            accountPath="/api/account"
            changePhone={changePhoneByAction}
            refundPath="/api/invoices/1001/refund"
          />
        ) : (
          <LeavingOtherWays
            failed={problem !== undefined}
            linkSent={type === "email"}
            offers={offers}
          />
        )
      }
    >
      {session?.user ? (
        <SessionCard name={session.user.name} email={session.user.email} problem={problem} />
      ) : (
        <LeavingSignInCard problem={problem} offers={offers} />
      )}
      <LiveRefresh everyMillis={2000} />
    </Frame>
  );
}
