/** What the OpenID provider says of a person. */
type Claims = Readonly<Record<string, unknown>>;

/**
 * The `profile` of the OpenID provider: who it is that signs in.
 *
 * @throws for an address that the provider has not verified: whoever claims one must not be taken for
 *   the person who has it
 */
export function toProfile(claims: Claims, idClaim: string) {
  if (claims["email_verified"] !== true) {
    throw new Error(`The provider has not verified ${String(claims["email"])}.`);
  }
  return {
    id: claims[idClaim] as string,
    name: claims["name"] as string,
    email: claims["email"] as string,
  };
}
