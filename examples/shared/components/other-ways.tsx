"use client";

import { useKeptEmail } from "../lib/use-kept-email";

interface Props {
  /** Goes to the OpenID provider. Without it, it is not offered. */
  openId?: (() => Promise<void>) | undefined;
  /** Asks for an e-mail with a link. Without it, it is not offered. */
  email?: ((form: FormData) => Promise<void>) | undefined;
  /** Whether such an e-mail has just gone out. */
  linkSent: boolean;
  /** Whether a sign-in, of whichever way, has just failed. */
  failed: boolean;
}

/** The ways to sign in that need no password. */
export function OtherWays({ openId, email, linkSent, failed }: Props) {
  const [keptEmail, keep] = useKeptEmail(failed);
  if (openId === undefined && email === undefined) return null;
  return (
    <section className="card" aria-labelledby="other-ways-title">
      <h2 id="other-ways-title">Other ways to sign in</h2>
      <div className="other-ways">
        {openId && (
          <form action={openId}>
            <button type="submit" className="outlined">
              Continue with local OpenID
            </button>
          </form>
        )}
        {email && (
          <form action={email} onSubmit={(event) => keep(new FormData(event.currentTarget))}>
            <label htmlFor="link-email">Address for a link</label>
            <input
              id="link-email"
              name="email"
              type="email"
              autoComplete="email"
              defaultValue={keptEmail}
              required
            />
            <button type="submit" className="outlined">
              E-mail me a link
            </button>
          </form>
        )}
        {linkSent && (
          <p className="sent" role="status">
            The link is on its way. In the demo it is printed where you started it.
          </p>
        )}
      </div>
    </section>
  );
}
