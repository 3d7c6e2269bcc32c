# The live ISO that an ephemeral node boots from: a stick, an optical drive or a BMC's virtual media. Its user data and
# network data are on it, and cloud-init applies them at each boot.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

data "airship-nodeprofile" "ephemeral" {
  documents = ["${path.root}/documents"]
}

source "airship" "ephemeral" {
  profile_yaml     = data.airship-nodeprofile.ephemeral.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.ephemeral"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.ephemeral.profile_yaml
  }
}
