"use client";

import { OtherWays } from "authlog-example-shared/components/other-ways";
import { SignInCard as Card } from "authlog-example-shared/components/sign-in-card";
import type { Offers } from "authlog-example-shared/lib/offers";

export interface SignInCardProps {
  problem: string | undefined;
  /** Whether an e-mail with a link has just gone out. */
  linkSent: boolean;
  offers: Offers;
}

interface Acts {
  withPassword: (form: FormData) => Promise<void>;
  withOpenId: () => Promise<void>;
  askForLink: (form: FormData) => Promise<void>;
}

/** The card of both routers. */
export function SignInCard({
  problem,
  linkSent,
  offers,
  withPassword,
  withOpenId,
  askForLink,
}: SignInCardProps & Acts) {
  return (
    <Card problem={problem} ways={offers.password ? [{ label: "Sign in", act: withPassword }] : []}>
      <OtherWays
        openId={offers.openId ? withOpenId : undefined}
        email={offers.email ? askForLink : undefined}
        linkSent={linkSent}
      />
    </Card>
  );
}
