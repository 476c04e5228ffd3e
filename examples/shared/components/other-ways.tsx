"use client";

interface Props {
  /** Goes to the OpenID provider. Without it, it is not offered. */
  openId?: (() => Promise<void>) | undefined;
  /** Asks for an e-mail with a link. Without it, it is not offered. */
  email?: ((form: FormData) => Promise<void>) | undefined;
  /** Whether such an e-mail has just gone out. */
  linkSent: boolean;
}

/** The ways to sign in that need no password. */
export function OtherWays({ openId, email, linkSent }: Props) {
  if (openId === undefined && email === undefined) return null;
  return (
    <div className="other-ways">
      {openId && (
        <form action={openId}>
          <button type="submit" className="outlined">
            Continue with local OpenID
          </button>
        </form>
      )}
      {email && (
        <form action={email}>
          <label htmlFor="link-email">Address for a link</label>
          <input id="link-email" name="email" type="email" autoComplete="email" required />
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
  );
}
