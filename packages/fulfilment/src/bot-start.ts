/** Opens the chat with the bot and says `/start <payload>` there. @param botAddress such as https://t.me/<its name> */
export const botStart = (botAddress: string, payload: string): string => `${botAddress}?start=${payload}`;
