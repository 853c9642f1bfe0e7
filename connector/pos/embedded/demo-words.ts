/**
 * What the demo shop is made of. Brands are invented. A kind of goods is
 * [name, variants, sizes with the price of the middle brand in cents], separated by `/`; `-` is "none".
 */
export type Department = {
  category: string
  prefix: string
  /** First digits of its in-store barcodes; GS1 leaves 20 to 29 to each shop. */
  gs1Prefix: string
  taxRate: string
  /** Share of the shop's items, in hundredths. */
  share: number
  unit: 'each' | 'g'
  /** What a full shelf holds, in units. */
  shelf: [least: number, most: number]
  brands: string[]
  kinds: [thing: string, variants: string, sizes: string][]
}

/** What New York asks of goods that are not food. */
const SALES_TAX = '8.875'

export const DEPARTMENTS: Department[] = [
  {
    category: 'Grocery', prefix: 'GRO', gs1Prefix: '20', taxRate: '0', share: 24, unit: 'each', shelf: [12, 96],
    brands: ['Wrenfield', 'Dunlarch Mill', 'Marrowby', 'Pantry Row'],
    kinds: [
      ['Rolled Oats', 'Classic/Quick/Organic', '18 oz 349/42 oz 599'],
      ['Granola', 'Honey Almond/Maple Pecan/Berry/Cocoa', '12 oz 489/24 oz 849'],
      ['Long Grain Rice', 'White/Brown/Basmati/Jasmine', '2 lb 329/5 lb 699'],
      ['Spaghetti', 'Classic/Whole Wheat/Gluten Free', '16 oz 189'],
      ['Penne', 'Classic/Whole Wheat/Gluten Free', '16 oz 199'],
      ['Pasta Sauce', 'Marinara/Tomato Basil/Roasted Garlic/Arrabbiata', '24 oz 429'],
      ['Diced Tomatoes', 'Plain/Fire Roasted/No Salt', '14.5 oz 149/28 oz 239'],
      ['Black Beans', 'Plain/Low Sodium/Organic', '15 oz 119'],
      ['Chickpeas', 'Plain/Low Sodium/Organic', '15 oz 129'],
      ['Chicken Broth', 'Classic/Low Sodium', '32 oz 279'],
      ['Tomato Soup', 'Classic/Creamy/Basil', '10.75 oz 179/18.5 oz 299'],
      ['Peanut Butter', 'Smooth/Crunchy/No Sugar', '16 oz 349/28 oz 549'],
      ['Fruit Spread', 'Strawberry/Raspberry/Apricot/Blueberry', '13 oz 389'],
      ['Honey', 'Clover/Wildflower/Orange Blossom', '12 oz 599/24 oz 999'],
      ['All-Purpose Flour', 'Unbleached/Whole Wheat/Organic', '5 lb 449'],
      ['Cane Sugar', 'Fine/Raw/Brown', '4 lb 399'],
      ['Olive Oil', 'Extra Virgin/Light', '16.9 oz 999/33.8 oz 1699'],
      ['Tea', 'Green/Black/Peppermint/Chamomile/Earl Grey', '20 bags 399/40 bags 649'],
      ['Crackers', 'Sea Salt/Rosemary/Multigrain', '8 oz 329'],
      ['Potato Chips', 'Sea Salt/Vinegar/Barbecue/Paprika', '8 oz 379/13 oz 549'],
      ['Dark Chocolate', '60% Cocoa/72% Cocoa/Orange/Hazelnut', '3.5 oz 299'],
      ['Black Pepper', 'Ground/Whole', '2 oz 449'],
      ['Sea Salt', 'Fine/Coarse', '26 oz 249'],
    ],
  },
  {
    category: 'Produce', prefix: 'PRO', gs1Prefix: '21', taxRate: '0', share: 8, unit: 'g', shelf: [4_000, 60_000],
    brands: ['Larkhollow Farm', 'Nettlebay', '-'],
    kinds: [
      ['Apples', 'Red/Green/Golden/Heirloom', '- 439'], ['Pears', 'Green/Brown', '- 479'], ['Bananas', 'Yellow/Organic', '- 159'],
      ['Oranges', 'Navel/Blood', '- 389'], ['Lemons', '-/Unwaxed', '- 549'], ['Grapes', 'Red Seedless/Green Seedless', '- 699'],
      ['Tomatoes', 'Vine/Plum/Beefsteak', '- 499'], ['Cucumbers', '-/Snack', '- 359'], ['Carrots', '-/Rainbow', '- 219'],
      ['Potatoes', 'Yellow/Russet/Red/Fingerling', '- 289'], ['Sweet Potatoes', '-', '- 329'], ['Onions', 'Yellow/Red/White', '- 249'],
      ['Garlic', '-', '- 999'], ['Bell Peppers', 'Red/Green/Yellow', '- 659'], ['Zucchini', '-', '- 399'], ['Mushrooms', 'White/Brown/Oyster', '- 899'],
      ['Broccoli', '-', '- 519'], ['Green Beans', '-', '- 779'], ['Spinach', 'Loose/Baby', '- 1099'], ['Mixed Nuts', 'Roasted/Raw', '- 2199'],
      ['Almonds', 'Roasted/Raw', '- 1899'], ['Raisins', '-', '- 899'],
    ],
  },
  {
    category: 'Drinks', prefix: 'DRI', gs1Prefix: '22', taxRate: SALES_TAX, share: 12, unit: 'each', shelf: [24, 180],
    brands: ['Tolvane', 'Copperfinch', 'Hestrel Springs'],
    kinds: [
      ['Sparkling Water', 'Plain/Lime/Grapefruit/Peach', '12 oz can 119/33.8 oz 199/8 x 12 oz 549'],
      ['Spring Water', 'Still', '16.9 oz 129/33.8 oz 189/24 x 16.9 oz 699'],
      ['Cola', 'Classic/Zero/Cherry', '12 oz can 139/67.6 oz 279/12 x 12 oz 849'],
      ['Ginger Ale', 'Classic/Zero', '12 oz can 139/67.6 oz 279'],
      ['Lemonade', 'Classic/Pink/Mint', '16 oz 249/52 oz 429'],
      ['Orange Juice', 'With Pulp/No Pulp', '12 oz 299/52 oz 579'],
      ['Apple Juice', 'Clear/Cloudy', '12 oz 249/64 oz 479'],
      ['Iced Tea', 'Lemon/Peach/Unsweetened', '16.9 oz 229/64 oz 379'],
      ['Cold Brew Coffee', 'Black/Vanilla/Oat', '11 oz 399/32 oz 699'],
      ['Ground Coffee', 'Light Roast/Medium Roast/Dark Roast/Decaf', '12 oz 1099/30 oz 2199'],
      ['Energy Drink', 'Original/Berry/Citrus', '12 oz can 279'],
    ],
  },
  {
    category: 'Household', prefix: 'HOU', gs1Prefix: '23', taxRate: SALES_TAX, share: 14, unit: 'each', shelf: [6, 60],
    brands: ['Brindlewick', 'Clearmoor', 'Home Row'],
    kinds: [
      ['Dish Soap', 'Lemon/Unscented/Lavender', '16 oz 329/28 oz 489'],
      ['Laundry Detergent', 'Fresh/Unscented/Color', '46 oz 899/92 oz 1549'],
      ['All-Purpose Cleaner', 'Citrus/Pine/Unscented', '32 oz 429'],
      ['Glass Cleaner', '-/Refill', '26 oz 399'],
      ['Paper Towels', '2-Ply', '2 rolls 449/6 rolls 1099/12 rolls 1999'],
      ['Bath Tissue', '2-Ply/3-Ply', '6 rolls 749/12 rolls 1349'],
      ['Trash Bags', '13 gal/30 gal/Compostable', '20 count 649/50 count 1249'],
      ['Sponges', 'Soft/Scrub', '3 count 299/6 count 499'],
      ['LED Bulb', 'Warm White/Daylight', '40 W equivalent 399/60 W equivalent 449/100 W equivalent 699'],
      ['Batteries', 'AA/AAA/9 V/C', '4 count 599/12 count 1299'],
      ['Candle', 'Vanilla/Cedar/Fig/Unscented', '8 oz 1099'],
      ['Storage Box', 'Clear/Gray', '6 qt 599/18 qt 1199/64 qt 1999'],
      ['Dish Towel', 'Striped/Plain/Checked', '2 pack 799'],
      ['Hand Soap', 'Lemon/Lavender/Unscented', '12 oz 349/33 oz 699'],
    ],
  },
  {
    category: 'Hardware', prefix: 'HAR', gs1Prefix: '24', taxRate: SALES_TAX, share: 12, unit: 'each', shelf: [3, 40],
    brands: ['Ironlark', 'Tradegate', 'Stoutbury'],
    kinds: [
      ['Wood Screws', 'Zinc/Stainless/Brass', '#6 x 1 in, 50 count 549/#8 x 2 in, 50 count 749/#10 x 3 in, 25 count 899'],
      ['Nails', 'Common/Finishing', '1.5 in, 1 lb 499/3 in, 1 lb 549'],
      ['Claw Hammer', 'Wood Handle/Fiberglass Handle', '16 oz 1699/20 oz 2199'],
      ['Screwdriver', 'Slotted/Phillips/Square', '4 in 649/6 in 799'],
      ['Screwdriver Set', 'Mixed/Precision', '6 pieces 1999/12 pieces 3299'],
      ['Adjustable Wrench', '-', '6 in 1399/8 in 1699/10 in 2099'],
      ['Tape Measure', '-/Magnetic', '16 ft 1199/25 ft 1799'],
      ['Utility Knife', 'Retractable/Folding', '- 999'],
      ['Painter\'s Tape', 'Blue/Green', '1 in x 60 yd 599/2 in x 60 yd 949'],
      ['Paint Brush', 'Flat/Angled', '1 in 499/2 in 799/3 in 1099'],
      ['Wall Anchors', 'Plastic/Metal', '25 count 449/100 count 1099'],
      ['Extension Cord', 'Indoor/Outdoor', '6 ft 899/15 ft 1499/50 ft 2999'],
      ['Padlock', 'Keyed/Combination', '1.5 in 1099/2 in 1499'],
      ['Sandpaper', '80 Grit/120 Grit/220 Grit', '5 sheets 499'],
    ],
  },
  {
    category: 'Stationery', prefix: 'STA', gs1Prefix: '25', taxRate: SALES_TAX, share: 10, unit: 'each', shelf: [8, 80],
    brands: ['Quillmoor', 'Pellam & Rye', 'Deskside'],
    kinds: [
      ['Ballpoint Pens', 'Black/Blue/Red', '4 count 349/12 count 799'],
      ['Gel Pen', 'Black/Blue/Green/Violet', '0.5 mm 229/0.7 mm 229'],
      ['Notebook', 'Ruled/Grid/Plain', 'A6 399/A5 599/Letter 799'],
      ['Pencils', 'HB/2B', '10 count 399'],
      ['Sticky Notes', 'Yellow/Pastel/Bright', '3 x 3 in, 4 pads 499'],
      ['Highlighters', 'Yellow/Mixed', '4 count 499'],
      ['Copy Paper', 'White/Recycled', '500 sheets 799'],
      ['Envelopes', '#10/A7/Padded', '25 count 549/50 count 899'],
      ['Greeting Card', 'Birthday/Thank You/Wedding/Blank', '- 449'],
      ['Gift Wrap', 'Stars/Stripes/Kraft', '30 in x 10 ft 599'],
      ['Scissors', 'Straight/Zigzag', '7 in 699/8 in 899'],
      ['Glue Stick', '-', '2 count 299'],
    ],
  },
  {
    category: 'Garden', prefix: 'GAR', gs1Prefix: '26', taxRate: SALES_TAX, share: 7, unit: 'each', shelf: [3, 40],
    brands: ['Thornaby', 'Mossgate'],
    kinds: [
      ['Potting Soil', 'Universal/Herb/Cactus', '8 qt 799/25 qt 1499'],
      ['Seeds', 'Basil/Cherry Tomato/Sunflower/Lettuce/Zinnia/Radish', 'packet 299'],
      ['Terracotta Pot', 'Plain/Glazed', '4 in 399/8 in 999/12 in 1899'],
      ['Garden Gloves', 'Leather/Knit', 'S 999/M 999/L 999'],
      ['Hand Trowel', 'Steel/Wood Handle', '- 1199'],
      ['Pruning Shears', 'Bypass/Anvil', '- 1999'],
      ['Watering Can', 'Green/Gray', '1 gal 1299/2 gal 1999'],
      ['Garden Hose', 'Light/Heavy Duty', '25 ft 2499/50 ft 3999'],
      ['Plant Food', 'All-Purpose/Tomato/Rose', '16 oz 899'],
    ],
  },
  {
    category: 'Pet', prefix: 'PET', gs1Prefix: '27', taxRate: SALES_TAX, share: 6, unit: 'each', shelf: [6, 60],
    brands: ['Tumbledown', 'Fennick'],
    kinds: [
      ['Dry Dog Food', 'Chicken/Lamb/Salmon', '4 lb 1299/15 lb 3499'],
      ['Dry Cat Food', 'Chicken/Fish/Indoor', '3 lb 1099/7 lb 1999'],
      ['Wet Cat Food', 'Chicken/Tuna/Turkey', '3 oz 129/12 x 3 oz 1399'],
      ['Dog Treats', 'Chicken/Peanut Butter/Pumpkin', '6 oz 599/16 oz 1199'],
      ['Cat Litter', 'Clumping/Pine/Unscented', '10 lb 899/20 lb 1599'],
      ['Dog Leash', 'Red/Black/Reflective', '4 ft 1299/6 ft 1599'],
      ['Cat Toy', 'Mouse/Feather/Ball', '- 499'],
      ['Bird Seed', 'Wild Mix/Sunflower', '5 lb 899'],
    ],
  },
  {
    category: 'Clothing', prefix: 'CLO', gs1Prefix: '28', taxRate: SALES_TAX, share: 7, unit: 'each', shelf: [2, 24],
    brands: ['Moorloom', 'Plainsail'],
    kinds: [
      ['T-Shirt', 'White/Black/Navy/Gray', 'S 1499/M 1499/L 1499/XL 1499'],
      ['Crew Socks', 'White/Black/Gray', '3 pairs, M 999/3 pairs, L 999'],
      ['Work Gloves', 'Tan/Black', 'M 1499/L 1499/XL 1499'],
      ['Knit Hat', 'Black/Forest/Rust', '- 1799'],
      ['Rain Poncho', 'Clear/Yellow', 'One Size 1299'],
      ['Apron', 'Denim/Black/Striped', 'One Size 1999'],
      ['Tote Bag', 'Natural/Navy', '- 1299'],
    ],
  },
]

/** Never counted, never out of stock. [name, price in cents] */
export const SERVICES: [name: string, priceMinor: number][] = [
  ['Gift Wrapping, Small', 399], ['Gift Wrapping, Large', 699], ['Key Cutting, House Key', 449], ['Key Cutting, Security Key', 1299],
  ['Knife Sharpening', 600], ['Photo Printing, 4 x 6 in', 39], ['Paint Mixing', 500], ['Local Delivery', 899], ['Bicycle Tire Change', 1500],
  ['Screen Repair, Small Window', 2499],
]
