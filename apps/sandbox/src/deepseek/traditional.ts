/** Simplified and traditional form, in turn, of each character of the Chinese texts that has two. */
const PAIRS = `
删刪医醫厌厭废廢撑撐采採赋賦
与與专專业業东東两兩个個为為么麼习習书書买買乱亂争爭于於亏虧亲親从從会會伤傷体體余餘倾傾关關养養写寫决決净淨准準减減几幾则則别別劝勸办辦动動劲勁势勢单單却卻厅廳历歷发發变變号號后後听聽咽嚥团團图圖场場
块塊坚堅垫墊处處备備复復够夠学學实實宫宮对對尔爾带帶并並应應开開张張弯彎强強当當态態总總恼惱惊驚惯慣愿願执執扰擾抢搶择擇挂掛挥揮换換据據断斷旧舊时時显顯晒曬机機条條来來松鬆构構标標树樹样樣检檢欢歡气氣
没沒温溫满滿灯燈点點烦煩热熱爱愛状狀犹猶独獨环環现現琐瑣电電画畫盏盞盘盤着著确確种種积積称稱稳穩笔筆简簡系係紧緊约約级級纸紙线線练練组組织織终終经經结結绕繞给給绝絕绪緒续續职職胜勝脚腳舍捨艺藝节節获獲
虑慮补補见見规規览覽觉覺订訂认認让讓议議记記讲講许許论論设設识識试試话話该該详詳语語说說请請诺諾读讀课課谁誰调調谈談谓謂谨謹财財账帳贴貼贵貴费費赞讚赢贏赶趕轨軌转轉较較辈輩边邊过過运運还還这這进進远遠
连連迟遲适適选選释釋里裡钟鐘钱錢错錯长長门門问問间間闷悶阅閱队隊阳陽际際隐隱难難静靜页頁顺順须須顾顧领領颈頸题題颜顏额額饭飯马馬骤驟齐齊
`.replaceAll('\n', '');

const traditional = new Map(
  Array.from({ length: PAIRS.length / 2 }, (_, at) => [PAIRS[2 * at] ?? '', PAIRS[2 * at + 1] ?? '']),
);

/** Only for our own texts: 干, 后 or 丑 of a chart must stay as they are, so slots are filled afterwards. */
export function toTraditional(text: string): string {
  return text
    .replaceAll('干净', '乾淨')
    .replaceAll('反复', '反覆')
    .replaceAll('重复', '重複')
    .replaceAll('答复', '答覆')
    .replace(/\p{Script=Han}/gu, (char) => traditional.get(char) ?? char);
}
