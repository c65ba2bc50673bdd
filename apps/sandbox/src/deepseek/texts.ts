/** Everything the writer can say in one language. */
export interface Texts {
  readonly columns: readonly [string, string, string, string];
  readonly pillarNames: readonly [string, string, string, string];
  readonly hourUnknown: string;
  readonly elements: Readonly<Record<string, string>>;
  readonly quote: string;
  readonly periods: string;
  readonly periodLines: readonly string[];
  readonly adviceLead: string;
  readonly general: readonly string[];
  readonly topics: readonly Topic[];
  readonly cardTitle: string;
  readonly cardLines: readonly string[];
  readonly cardsTogether: string;
  readonly cardsStory: string;
  readonly cardsAction: string;
}

export interface Topic {
  /** which headings it answers */
  readonly match: RegExp;
  readonly title: string;
  readonly lines: readonly string[];
  readonly advice: readonly string[];
}
