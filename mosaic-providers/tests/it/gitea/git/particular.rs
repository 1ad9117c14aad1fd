//! What is particular to these products: what a call becomes, and what surprises.
