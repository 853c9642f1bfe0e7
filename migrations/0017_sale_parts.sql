-- A receipt too long for one event is told in several: the further ones name the first (contract sale.recorded, partOf). Only the first is counted as a sale.
ALTER TABLE sales ADD COLUMN part_of TEXT;
