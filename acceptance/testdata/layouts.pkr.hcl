# A profile of layouts.yaml as a raw disk.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "name" {}

variable "verify_boot" {
  type    = bool
  default = true
}

source "airship" "node" {
  documents        = ["${path.root}/layouts.yaml"]
  profile_name     = var.name
  vm_name          = "node"
  formats          = ["raw"]
  output_directory = "${path.root}/output"
  isolation        = "namespace"
  verify_boot      = var.verify_boot
}

build {
  sources = ["source.airship.node"]

  provisioner "shell" {
    inline = [
      "mkdir -p '/srv/a directory' /var/log/own",
      "echo spaced > '/srv/a directory/a file'",
      "chmod 1770 /var/log/own",
      "cp -a /etc/hostname /home/hostname",
    ]
  }
}
