/** The bot's name, asked for once; what failed is asked again by the next who wants it. */
export function rememberedName(ask: () => Promise<string>): () => Promise<string> {
  let known: Promise<string> | undefined;
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
