"""What ``bench.gpu`` measures, a module for each part."""
