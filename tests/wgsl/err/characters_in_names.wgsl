const a€ = 1;
