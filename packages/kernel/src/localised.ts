/** A text in each language we speak, such as a product's name, by language tag. */
export type Localised = Readonly<Record<string, string>>;
